// Eight fibers lock and unlock the same mutex; time one pair.
#include "bench/peers/boost_fiber/peer.hpp"

int main(int argc, char** argv) {
  return peer::run(argc, argv, [](const bench::args& a, const char* runtime) {
    bench::measure(
        a, "mutex_8", runtime,
        [](std::uint64_t n) {
          boost::fibers::mutex mutex;
          std::uint64_t counter = 0;
          std::vector<boost::fibers::fiber> fibers;
          for (int t = 0; t < 8; ++t) {
            fibers.emplace_back([&] {
              for (std::uint64_t i = 0; i < n / 8; ++i) {
                mutex.lock();
                bench::keep(++counter);
                mutex.unlock();
              }
            });
          }
          for (auto& fiber : fibers) {
            fiber.join();
          }
        },
        1, 8);
  });
}
