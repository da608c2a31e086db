// The program of `deadlock`, with the two operations of main in one select: whichever can go first
// goes. Here only the receive can, because the task sends first; main prints what it got and ends.
// The other task is then still waiting for its value; it is cancelled at main's end, and with the
// argument --leftovers reported.
#include <cstdio>
#include <cstring>
#include <weft/weft.hpp>

int main(int argc, char** argv) {
  weft::options options;
  options.report_leftovers = argc > 1 && std::strcmp(argv[1], "--leftovers") == 0;

  return weft::run(options, [] {
    auto ch1 = weft::make_chan<int>();
    auto ch2 = weft::make_chan<int>();

    weft::go([ch1, ch2] {
      const int mine = 1;
      ch1.send(mine);
      const int from_main = ch2.recv().value();
      std::printf("task: %d %d\n", mine, from_main);
    });

    const int mine = 2;
    int from_task = 0;
    weft::select(weft::send(ch2, mine), weft::recv(ch1, from_task));
    std::printf("main: %d %d\n", mine, from_task);
  });
}
