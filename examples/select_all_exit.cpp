// The program of `deadlock` once more, and this time both tasks come to their end: main runs its
// select until both cases have been served, and a wait_group tells it that the other task has
// finished too.
#include <cstdio>
#include <weft/weft.hpp>

int main() {
  return weft::run([] {
    auto ch1 = weft::make_chan<int>();
    auto ch2 = weft::make_chan<int>();
    weft::wait_group wg;

    wg.go([ch1, ch2] {
      const int mine = 1;
      ch1.send(mine);
      const int from_main = ch2.recv().value();
      std::printf("task: %d %d\n", mine, from_main);
    });

    const int mine = 2;
    int from_task = 0;
    for (int count = 0; count < 2; ++count) {
      weft::select(weft::send(ch2, mine), weft::recv(ch1, from_task));
    }
    wg.wait();
    std::printf("main: %d %d\n", mine, from_task);
  });
}
