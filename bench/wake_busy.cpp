// How long until a task runs that was woken by one which then goes on computing, while the other
// worker sleeps? The waker waits 5 ms for it at most, and then lets it run.
#include <atomic>
#include <vector>

#include "bench/wake.hpp"
#include "bench/weft_main.hpp"

int main(int argc, char** argv) {
  return bench::weft_main(argc, argv, [](const bench::args& a) {
    bench::only_workers(a, 2);
    const auto ch = weft::make_chan<std::int64_t>(1);
    std::atomic<int> answers{0};
    weft::wait_group ended;
    std::vector<double> samples;
    ended.go([&] {
      for (const std::int64_t sent : ch) {
        samples.push_back(static_cast<double>(bench::steady_ns() - sent) / 1e3);
        answers.fetch_add(1);
      }
    });
    weft::this_task::yield();
    bench::wake_and_stay_busy(a, answers, [&](std::int64_t now) { ch.send(now); });
    ch.close();
    ended.wait();
    bench::print_percentiles(a, "wake_busy", "weft", "us", samples, true);
  });
}
