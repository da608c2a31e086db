// As yield, with an inexact multiplication before each.
#include "bench/peers/boost_fiber/peer.hpp"

int main(int argc, char** argv) {
  return peer::run(argc, argv, [](const bench::args& a, const char* runtime) {
    const std::uint64_t tasks = 2 * a.workers;
    bench::measure(
        a, "yield_fp", runtime,
        [&](std::uint64_t n) {
          std::vector<boost::fibers::fiber> fibers;
          for (std::uint64_t t = 0; t < tasks; ++t) {
            fibers.emplace_back([&] {
              double x = 1;
              for (std::uint64_t i = 0; i < n / tasks; ++i) {
                x *= bench::inexact;
                boost::this_fiber::yield();
              }
              bench::keep(x);
            });
          }
          for (auto& fiber : fibers) {
            fiber.join();
          }
        },
        a.workers, tasks);
  });
}
