// SIGQUIT and SIGSEGV with and without a handler of the program's own, and with
// options.signal_handlers off. Prints "ready" when the test may send a signal.
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <thread>
#include <weft/weft.hpp>

namespace {

void say(const char* text, std::size_t size) {
  (void)!::write(STDOUT_FILENO, text, size);
}

void on_signal(int number) {
  if (number == SIGQUIT) {
    say("my SIGQUIT\n", 11);
  } else {
    say("my SIGSEGV\n", 11);
    _exit(9);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string kind = argc > 1 ? argv[1] : "quit";
  struct sigaction own = {};
  own.sa_handler = &on_signal;
  if (kind == "quit_chained") sigaction(SIGQUIT, &own, nullptr);
  if (kind == "segv_chained" || kind == "segv_refused") sigaction(SIGSEGV, &own, nullptr);
  weft::options options;
  options.signal_handlers = kind != "quit_refused" && kind != "segv_refused";
  return weft::run(options, [&] {
    if (kind == "segv_chained" || kind == "segv_refused") {
      weft::spawn([] { *reinterpret_cast<volatile int*>(64) = 1; }).join();
      return 1;
    }
    auto ch = weft::make_chan<int>();
    weft::go([ch] { ch.send(1); });  // line 42
    weft::this_task::yield();
    weft::this_task::set_name("the main one");
    std::printf("ready\n");
    std::fflush(stdout);
    for (;;) {  // one that runs
      weft::this_task::yield();
      weft::sleep_for(std::chrono::milliseconds(1));
    }
    return 0;
  });
}
