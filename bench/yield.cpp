// What does a yield cost? Two tasks a worker yield; a worker's time for one switch to another task.
// Switches are counted by the scheduler, as a yield of a task that is alone on its worker is
// cheaper. Meanwhile a timer fires and the poller is looked at.
#include <weft/debug.hpp>

#include <algorithm>

#include "bench/background.hpp"
#include "bench/weft_main.hpp"

int main(int argc, char** argv) {
  return bench::weft_main(argc, argv, [](const bench::args& a) {
    const std::uint64_t tasks = 2 * a.workers;
    bench::background others(a);
    bench::measure(
        a, "yield", "weft",
        [&](std::uint64_t n) {
          const std::uint64_t before = weft::debug::stats().dispatched;
          weft::wait_group ended;
          for (std::uint64_t t = 0; t < tasks; ++t) {
            ended.go([n, tasks] {
              for (std::uint64_t i = 0; i < n / tasks; ++i) {
                weft::this_task::yield();
              }
            });
          }
          ended.wait();
          return std::min(n, weft::debug::stats().dispatched - before);
        },
        a.workers, tasks);
    others.stop();
  });
}
