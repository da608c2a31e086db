// How long until a task runs that something outside wakes while eight other tasks a worker compute
// 20 us at a time and yield?
#include <atomic>
#include <thread>
#include <vector>

#include "bench/wake.hpp"
#include "bench/weft_main.hpp"

int main(int argc, char** argv) {
  return bench::weft_main(argc, argv, [](const bench::args& a) {
    const auto ch = weft::make_chan<std::int64_t>();
    std::atomic<int> answers{0};
    std::atomic<bool> stop{false};
    weft::wait_group ended;
    for (unsigned t = 0; t < bench::load_tasks * a.workers; ++t) {
      ended.go([&, x = std::uint64_t{t}]() mutable {
        while (!stop.load(std::memory_order_relaxed)) {
          x = bench::burn(x, bench::load_steps);
          weft::this_task::yield();
        }
        bench::keep(x);
      });
    }
    std::thread waker([&, outside = weft::waker()] {
      bench::wake_from_outside(a, answers, [&](std::int64_t now) { ch.send(now); });
      ch.close();
    });
    std::vector<double> samples;
    for (const std::int64_t sent : ch) {
      samples.push_back(static_cast<double>(bench::steady_ns() - sent) / 1e3);
      answers.fetch_add(1);
    }
    waker.join();
    stop = true;
    ended.wait();
    bench::print_percentiles(a, "wake_loaded", "weft", "us", samples, true);
  });
}
