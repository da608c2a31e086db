// Main ends while three tasks are parked; options.report_leftovers is set unless the argument is
// `quiet`.
#include <atomic>
#include <cstdio>
#include <string>
#include <weft/weft.hpp>

int main(int argc, char** argv) {
  weft::options options;
  options.report_leftovers = argc < 2 || std::string(argv[1]) != "quiet";
  return weft::run(options, [] {
    auto ch = weft::make_chan<int>();
    auto started = weft::make_chan<void>(3);
    const auto sends = [=] {
      started.send();
      weft::make_chan<int>().send(1);
    };
    const auto receives = [=] {
      started.send();
      weft::make_chan<int>().recv();
    };
    const auto selects = [=] {
      started.send();
      weft::select();
    };
    weft::go(sends);     // line 26
    weft::go(receives);  // line 27
    weft::go(selects);   // line 28
    for (int i = 0; i < 3; ++i) started.recv();
    for (int i = 0; i < 3; ++i) weft::this_task::yield();
    std::printf("main ends\n");
    return 5;
  });
}
