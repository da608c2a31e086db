// The stuck task is unwound, and a destructor on the way waits for the same again: that wait cannot be
// ended, so it is reported.
#include <cstdio>
#include <weft/weft.hpp>

namespace {

struct waits_at_its_end {
  weft::chan<int> ch;
  ~waits_at_its_end() { ch.recv(); }
};

}  // namespace

int main() {
  weft::options options;
  options.on_deadlock = weft::deadlock_action::unwind;
  return weft::run(options, [] {
    const waits_at_its_end guard{weft::make_chan<int>()};
    try {
      guard.ch.recv();
    } catch (...) {
      std::puts("unwound");
      std::fflush(stdout);
      throw;
    }
  });
}
