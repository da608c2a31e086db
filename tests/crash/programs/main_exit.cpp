// Main returns 5 while tasks remain; the argument says what options.on_main_exit is, or how a task
// behaves that is cancelled.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <string>
#include <thread>
#include <weft/weft.hpp>

namespace {

using namespace std::chrono_literals;

struct says_goodbye {
  ~says_goodbye() { std::printf("destroyed\n"); }
};

}  // namespace

int main(int argc, char** argv) {
  const std::string kind = argc > 1 ? argv[1] : "cancel";
  weft::options options;
  options.workers = 2;
  if (kind == "wait") options.on_main_exit = weft::main_exit::wait;
  if (kind == "abandon" || kind == "abandon_a_busy_one")
    options.on_main_exit = weft::main_exit::abandon;
  if (kind == "busy" || kind == "stubborn" || kind == "abandon_a_busy_one") options.exit_grace = 50ms;
  std::atomic<bool> started{false};
  auto never = weft::make_chan<int>();
  const int status = weft::run(options, [&] {
    weft::go([&, kind] {
      says_goodbye here;
      started = true;
      if (kind == "busy" || kind == "abandon_a_busy_one") {
        for (;;) std::this_thread::sleep_for(1ms);  // a call that weft does not know
      }
      if (kind == "wait") {
        weft::sleep_for(20ms);
        return;
      }
      for (;;) {
        try {
          never.recv();
        } catch (const weft::task_cancelled&) {
          if (kind != "stubborn") throw;
        }
      }
    });
    while (!started) weft::this_task::yield();
    weft::this_task::yield();
    std::printf("main ends\n");
    std::fflush(stdout);
    return 5;
  });
  std::printf("run returned %d\n", status);
  return status;
}

// A task that is abandoned leaks what it owns.
extern "C" int __lsan_is_turned_off();
extern "C" int __lsan_is_turned_off() { return 1; }
