// A ring of 128 between two threads without any waiting but spinning: what two workers could reach.
#include <array>
#include <atomic>
#include <thread>

#include "bench/harness.hpp"
#include "bench/limit/two_cpus.hpp"

namespace {

struct ring {
  std::array<std::uint64_t, bench::spsc_capacity> cells{};
  alignas(64) std::atomic<std::uint64_t> taken{0};  // the consumer writes
  alignas(64) std::atomic<std::uint64_t> put{0};    // the producer writes

  void send(std::uint64_t v, std::uint64_t& taken_seen) {
    const std::uint64_t at = put.load(std::memory_order_relaxed);
    while (at - taken_seen == cells.size()) {
      taken_seen = taken.load(std::memory_order_acquire);
    }
    cells[at % cells.size()] = v;
    put.store(at + 1, std::memory_order_release);
  }
  std::uint64_t recv(std::uint64_t& put_seen) {
    const std::uint64_t at = taken.load(std::memory_order_relaxed);
    while (at == put_seen) {
      put_seen = put.load(std::memory_order_acquire);
    }
    const std::uint64_t v = cells[at % cells.size()];
    taken.store(at + 1, std::memory_order_release);
    return v;
  }
};

}  // namespace

int main(int argc, char** argv) {
  const bench::args a = bench::parse(argc, argv);
  bench::only_workers(a, 2);
  const bench::two_cpus cpus;
  bench::measure(a, "spsc128", "limit", [&](std::uint64_t n) {
    ring r;
    std::thread producer([&] {
      cpus.pin(1);
      std::uint64_t taken_seen = 0;
      for (std::uint64_t i = 0; i < n; ++i) {
        r.send(i, taken_seen);
      }
    });
    std::uint64_t put_seen = 0;
    std::uint64_t sum = 0;
    for (std::uint64_t i = 0; i < n; ++i) {
      sum += r.recv(put_seen);
    }
    producer.join();
    bench::keep(sum);
  });
}
