// The least that lock and unlock can be: one exchange and one release store, always uncontended.
#include <atomic>

#include "bench/harness.hpp"

int main(int argc, char** argv) {
  const bench::args a = bench::parse(argc, argv);
  bench::only_workers(a, 1);
  bench::measure(a, "mutex_free", "limit", [](std::uint64_t n) {
    std::atomic<bool> locked{false};
    std::uint64_t counter = 0;
    for (std::uint64_t i = 0; i < n; ++i) {
      while (locked.exchange(true, std::memory_order_acquire)) {
      }
      bench::keep(++counter);
      locked.store(false, std::memory_order_release);
    }
  });
}
