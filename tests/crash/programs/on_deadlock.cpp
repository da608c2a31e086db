// options.on_deadlock as a callback and as unwind; the argument says what happens then.
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <weft/debug.hpp>
#include <weft/weft.hpp>

namespace {

auto ch = weft::make_chan<int>();  // outlives the run

// Main and two tasks wait for the channel.
int get_stuck(const char* of_main) {
  for (int i = 0; i < 2; ++i)
    weft::go([i] {
      try {
        ch.recv();
        std::printf("task %d: closed\n", i);
      } catch (const weft::deadlocked&) {
        std::printf("task %d: deadlocked\n", i);
        throw;
      }
    });
  try {
    ch.recv();
    std::printf("main: closed\n");
  } catch (const weft::deadlocked&) {
    std::printf("main: deadlocked\n");
    if (std::string(of_main) == "unwind_and_leave") throw;
    return 3;
  }
  return 4;
}

void print(const weft::debug::deadlock_report& report) {
  std::size_t tasks = 0;
  for (const auto& entry : report.tasks) {
    tasks += entry.ids.size();
    if (entry.verdict != weft::debug::verdict::definite) std::printf("not definite\n");
  }
  std::printf("%zu tasks: %s\n%s\n", tasks, report.summary().c_str(), report.json().c_str());
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string kind = argc > 1 ? argv[1] : "";
  weft::options options;
  options.on_main_exit = weft::main_exit::wait;
  if (kind == "callback_that_leaves") {
    options.on_deadlock = [](const weft::debug::deadlock_report& report) {
      print(report);
      std::_Exit(7);
    };
  } else if (kind == "callback_that_wakes") {
    options.on_deadlock = [](const weft::debug::deadlock_report& report) {
      print(report);
      ch.close();
    };
  } else {
    options.on_deadlock = weft::deadlock_action::unwind;
  }
  try {
    return weft::run(options, [&] { return get_stuck(kind.c_str()); });
  } catch (const weft::deadlocked&) {
    std::printf("out of run: deadlocked\n");
    return 5;
  }
}
