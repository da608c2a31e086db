// One producer, one consumer, a buffer of 128; time an element.
#include "bench/peers/boost_fiber/peer.hpp"

int main(int argc, char** argv) {
  return peer::run(argc, argv, [](const bench::args& a, const char* runtime) {
    bench::measure(a, "spsc128", runtime, [](std::uint64_t n) {
      boost::fibers::buffered_channel<std::uint64_t> ch(bench::spsc_capacity);
      boost::fibers::fiber producer([&] {
        for (std::uint64_t i = 0; i < n; ++i) {
          ch.push(i);
        }
        ch.close();
      });
      std::uint64_t sum = 0;
      for (std::uint64_t v : ch) {
        sum += v;
      }
      producer.join();
      bench::keep(sum);
    });
  });
}
