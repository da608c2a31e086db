// How long does a sleep of 1 ms take while other tasks keep all workers busy and never yield?
#include <atomic>
#include <chrono>
#include <vector>

#include "bench/weft_main.hpp"

int main(int argc, char** argv) {
  return bench::weft_main(argc, argv, [](const bench::args& a) {
    const std::int64_t end = bench::steady_ns() + static_cast<std::int64_t>(bench::hog_ms(a) * 1e6);
    weft::wait_group ended;
    std::vector<double> samples;
    weft::wait_group started;  // the sleeper is on its way before the first hog
    started.add();
    ended.go([&] {
      started.done();
      do {
        const std::int64_t start = bench::steady_ns();
        weft::sleep_for(std::chrono::milliseconds(1));
        samples.push_back(static_cast<double>(bench::steady_ns() - start) / 1e6);
      } while (bench::steady_ns() < end);
    });
    started.wait();
    for (unsigned t = 0; t < a.workers; ++t) {
      ended.go([end, t] {
        std::uint64_t x = t;
        while (bench::steady_ns() < end) x = bench::burn(x);
        bench::keep(x);
      });
    }
    ended.wait();
    bench::print_percentiles(a, "hog_timer", "weft", "ms", samples, false);
  });
}
