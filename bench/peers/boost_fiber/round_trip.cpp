// There and back between two fibers over two unbuffered channels.
#include "bench/peers/boost_fiber/peer.hpp"

int main(int argc, char** argv) {
  return peer::run(argc, argv, [](const bench::args& a, const char* runtime) {
    bench::measure(a, "round_trip", runtime, [](std::uint64_t n) {
      boost::fibers::unbuffered_channel<std::uint64_t> there;
      boost::fibers::unbuffered_channel<std::uint64_t> back;
      boost::fibers::fiber echo([&] {
        for (std::uint64_t v : there) {
          back.push(v);
        }
      });
      std::uint64_t v = 0;
      for (std::uint64_t i = 0; i < n; ++i) {
        there.push(i);
        back.pop(v);
      }
      there.close();
      echo.join();
      bench::keep(v);
    });
  });
}
