// How long until a task runs that something outside wakes while all workers sleep? A plain thread
// sends every half millisecond and sleeps in between.
#include <atomic>
#include <thread>
#include <vector>

#include "bench/wake.hpp"
#include "bench/weft_main.hpp"

int main(int argc, char** argv) {
  return bench::weft_main(argc, argv, [](const bench::args& a) {
    const auto ch = weft::make_chan<std::int64_t>();
    std::atomic<int> answers{0};
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
    bench::print_percentiles(a, "wake_idle", "weft", "us", samples, true);
  });
}
