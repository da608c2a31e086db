// What does it cost to wake a sleeping thread? Two threads wake each other through a futex, so one
// wake-up with the time until it runs; and beside it a wake with nobody waiting.
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "bench/harness.hpp"
#include "bench/limit/two_cpus.hpp"

namespace {

void futex_wait(std::atomic<std::uint32_t>& word, std::uint32_t seen) {
  syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, seen, nullptr, nullptr, 0);
}
void futex_wake(std::atomic<std::uint32_t>& word) {
  syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
}

}  // namespace

int main(int argc, char** argv) {
  bench::args a = bench::parse(argc, argv);
  bench::only_workers(a, 2);
  const bench::two_cpus cpus;
  bench::measure(
      a, "futex_wake", "limit",
      [&](std::uint64_t n) {
        alignas(64) std::atomic<std::uint32_t> word{0};  // even: main's turn, odd: the other's
        const auto play = [&](std::uint32_t own) {
          for (std::uint64_t i = 0; i < n / 2; ++i) {
            std::uint32_t seen = word.load(std::memory_order_acquire);
            while (seen % 2 != own) {
              futex_wait(word, seen);
              seen = word.load(std::memory_order_acquire);
            }
            word.store(seen + 1, std::memory_order_release);
            futex_wake(word);
          }
        };
        std::thread other([&] {
          cpus.pin(1);
          play(1);
        });
        play(0);
        other.join();
      },
      1, 2);
  a.workers = 1;
  bench::measure(a, "futex_wake_nobody", "limit", [](std::uint64_t n) {
    std::atomic<std::uint32_t> word{0};
    for (std::uint64_t i = 0; i < n; ++i) {
      futex_wake(word);
    }
  });
}
