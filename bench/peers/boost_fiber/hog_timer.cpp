// How long does a sleep of 1 ms take while other fibers keep all threads busy and never yield?
#include <chrono>

#include "bench/peers/boost_fiber/peer.hpp"

int main(int argc, char** argv) {
  return peer::run(argc, argv, [](const bench::args& a, const char* runtime) {
    const std::int64_t end = bench::steady_ns() + static_cast<std::int64_t>(bench::hog_ms(a) * 1e6);
    std::vector<double> samples;
    std::vector<boost::fibers::fiber> fibers;
    peer::countdown started(1);  // the sleeper is on its way before the first hog
    fibers.emplace_back([&] {
      started.done();
      do {
        const std::int64_t start = bench::steady_ns();
        boost::this_fiber::sleep_for(std::chrono::milliseconds(1));
        samples.push_back(static_cast<double>(bench::steady_ns() - start) / 1e6);
      } while (bench::steady_ns() < end);
    });
    started.wait();
    for (unsigned t = 0; t < a.workers; ++t) {
      fibers.emplace_back([end, t] {
        std::uint64_t x = t;
        while (bench::steady_ns() < end) x = bench::burn(x);
        bench::keep(x);
      });
    }
    for (auto& fiber : fibers) {
      fiber.join();
    }
    bench::print_percentiles(a, "hog_timer", runtime, "ms", samples, false);
  });
}
