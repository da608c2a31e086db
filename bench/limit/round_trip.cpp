// There and back between two threads that pass one cache line by spinning: what two workers could
// reach. With one worker a round trip is two switches, see the switch program.
#include <atomic>
#include <thread>

#include "bench/harness.hpp"
#include "bench/limit/two_cpus.hpp"

int main(int argc, char** argv) {
  const bench::args a = bench::parse(argc, argv);
  bench::only_workers(a, 2);
  const bench::two_cpus cpus;
  bench::measure(a, "round_trip", "limit", [&](std::uint64_t n) {
    alignas(64) std::atomic<std::uint64_t> turn{0};  // odd: the echo's
    std::thread echo([&] {
      cpus.pin(1);
      for (std::uint64_t i = 0; i < n; ++i) {
        while (turn.load(std::memory_order_acquire) != 2 * i + 1) {
        }
        turn.store(2 * i + 2, std::memory_order_release);
      }
    });
    for (std::uint64_t i = 0; i < n; ++i) {
      turn.store(2 * i + 1, std::memory_order_release);
      while (turn.load(std::memory_order_acquire) != 2 * i + 2) {
      }
    }
    echo.join();
  });
}
