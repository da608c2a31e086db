// A cancelled task waits below a noexcept frame: fatal, and the text names the wait. The argument
// says which wait, or that the call comes after the cancellation.
#include <cstdio>
#include <string>
#include <weft/weft.hpp>

namespace {

weft::chan<int> never = weft::make_chan<int>();

struct waits_when_destroyed {
  ~waits_when_destroyed() { never.recv(); }  // line 12
};

void receive() noexcept {
  never.recv();  // line 16
}

void acquire(weft::semaphore& none) noexcept {
  none.acquire();  // line 20
}

void yield() noexcept {
  weft::this_task::yield();  // line 24
}

}  // namespace

int main(int argc, char** argv) {
  const std::string kind = argc > 1 ? argv[1] : "receive";
  weft::options options;
  options.workers = 2;
  if (kind == "deadlock") options.on_deadlock = weft::deadlock_action::unwind;
  weft::run(options, [&] {
    weft::semaphore none(0);
    auto task = weft::spawn([&] {
      if (kind == "semaphore") return acquire(none);
      if (kind == "destructor") {
        waits_when_destroyed here;
        return;
      }
      if (kind == "late")
        while (!weft::this_task::cancelled()) {
        }
      if (kind == "yield") {
        for (;;) yield();
      }
      receive();
    });
    if (kind == "deadlock") return task.join();
    for (int i = 0; i < 3; ++i) weft::this_task::yield();
    task.cancel();
    task.join();
  });
}
