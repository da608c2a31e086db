// Does a yield cost more when the tasks compute? As yield, with an inexact multiplication before
// each: it leaves a sticky flag in the floating-point control register.
#include <weft/debug.hpp>

#include <algorithm>

#include "bench/background.hpp"
#include "bench/weft_main.hpp"

int main(int argc, char** argv) {
  return bench::weft_main(argc, argv, [](const bench::args& a) {
    const std::uint64_t tasks = 2 * a.workers;
    bench::background others(a);
    bench::measure(
        a, "yield_fp", "weft",
        [&](std::uint64_t n) {
          const std::uint64_t before = weft::debug::stats().dispatched;
          weft::wait_group ended;
          for (std::uint64_t t = 0; t < tasks; ++t) {
            ended.go([n, tasks] {
              double x = 1;
              for (std::uint64_t i = 0; i < n / tasks; ++i) {
                x *= bench::inexact;
                weft::this_task::yield();
              }
              bench::keep(x);
            });
          }
          ended.wait();
          return std::min(n, weft::debug::stats().dispatched - before);
        },
        a.workers, tasks);
    others.stop();
  });
}
