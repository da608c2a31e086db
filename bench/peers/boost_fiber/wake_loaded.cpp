// How long until a fiber runs that something outside wakes while eight other fibers a thread
// compute 20 us at a time and yield?
#include "bench/peers/boost_fiber/peer.hpp"
#include "bench/wake.hpp"

int main(int argc, char** argv) {
  return peer::run(argc, argv, [](const bench::args& a, const char* runtime) {
    boost::fibers::buffered_channel<std::int64_t> ch(2);
    std::atomic<int> answers{0};
    std::atomic<bool> stop{false};
    std::vector<boost::fibers::fiber> fibers;
    for (unsigned t = 0; t < bench::load_tasks * a.workers; ++t) {
      fibers.emplace_back([&, t] {
        std::uint64_t x = t;
        while (!stop.load(std::memory_order_relaxed)) {
          x = bench::burn(x, bench::load_steps);
          boost::this_fiber::yield();
        }
        bench::keep(x);
      });
    }
    std::thread waker([&] {
      bench::wake_from_outside(a, answers, [&](std::int64_t now) { ch.push(now); });
      ch.close();
    });
    std::vector<double> samples;
    for (std::int64_t sent : ch) {
      samples.push_back(static_cast<double>(bench::steady_ns() - sent) / 1e3);
      answers.fetch_add(1);
    }
    waker.join();
    stop = true;
    for (auto& fiber : fibers) {
      fiber.join();
    }
    bench::print_percentiles(a, "wake_loaded", runtime, "us", samples, true);
  });
}
