// Four producers, four consumers, one buffer of 128; time an element.
#include "bench/peers/boost_fiber/peer.hpp"

int main(int argc, char** argv) {
  return peer::run(argc, argv, [](const bench::args& a, const char* runtime) {
    bench::measure(
        a, "mpmc4x4", runtime,
        [](std::uint64_t n) {
          boost::fibers::buffered_channel<std::uint64_t> ch(bench::spsc_capacity);
          std::vector<boost::fibers::fiber> producers;
          std::vector<boost::fibers::fiber> consumers;
          for (int t = 0; t < 4; ++t) {
            producers.emplace_back([&] {
              for (std::uint64_t i = 0; i < n / 4; ++i) {
                ch.push(i);
              }
            });
            consumers.emplace_back([&] {
              std::uint64_t sum = 0;
              for (std::uint64_t v : ch) {
                sum += v;
              }
              bench::keep(sum);
            });
          }
          for (auto& fiber : producers) {
            fiber.join();
          }
          ch.close();
          for (auto& fiber : consumers) {
            fiber.join();
          }
        },
        1, 4);
  });
}
