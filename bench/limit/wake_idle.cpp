// How long until a sleeping thread runs that another one wakes through a futex?
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <thread>

#include "bench/wake.hpp"

int main(int argc, char** argv) {
  bench::args a = bench::parse(argc, argv);
  bench::only_workers(a, 1);
  std::atomic<std::uint32_t> word{0};
  std::atomic<std::int64_t> sent{0};
  std::atomic<int> answers{0};
  std::thread waker([&] {
    bench::wake_from_outside(a, answers, [&](std::int64_t now) {
      sent.store(now, std::memory_order_relaxed);
      word.fetch_add(1, std::memory_order_release);
      syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
    });
  });
  std::vector<double> samples;
  for (int i = 0; i < bench::wake_samples(a); ++i) {
    const auto seen = static_cast<std::uint32_t>(i);
    while (word.load(std::memory_order_acquire) == seen) {
      syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, seen, nullptr, nullptr, 0);
    }
    samples.push_back(
        static_cast<double>(bench::steady_ns() - sent.load(std::memory_order_relaxed)) / 1e3);
    answers.fetch_add(1);
  }
  waker.join();
  bench::print_percentiles(a, "wake_idle", "limit", "us", samples, true);
}
