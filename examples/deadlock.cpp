// Two tasks and two unbuffered channels: each sends first and receives afterwards, so each waits
// for the other to receive, for ever. weft notices that no task can run again, says who waits for
// what and where, and ends the process with status 2. `select_no_deadlock` and `select_all_exit`
// are two ways out.
#include <cstdio>
#include <weft/weft.hpp>

int main() {
  return weft::run([] {
    auto ch1 = weft::make_chan<int>();
    auto ch2 = weft::make_chan<int>();

    weft::go([ch1, ch2] {
      const int mine = 1;
      ch1.send(mine);
      const int from_main = ch2.recv().value();
      std::printf("task: %d %d\n", mine, from_main);
    });

    const int mine = 2;
    ch2.send(mine);
    const int from_task = ch1.recv().value();
    std::printf("main: %d %d\n", mine, from_task);
  });
}
