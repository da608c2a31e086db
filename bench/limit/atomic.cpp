// What does one locked instruction cost that nobody else wants?
#include <atomic>

#include "bench/harness.hpp"

int main(int argc, char** argv) {
  const bench::args a = bench::parse(argc, argv);
  bench::only_workers(a, 1);
  bench::measure(a, "atomic", "limit", [](std::uint64_t n) {
    std::atomic<std::uint64_t> word{0};
    for (std::uint64_t i = 0; i < n; ++i) {
      bench::keep(word.exchange(i, std::memory_order_acquire));
    }
  });
}
