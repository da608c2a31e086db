// One fiber after the other: start it, join it.
#include "bench/peers/boost_fiber/peer.hpp"

int main(int argc, char** argv) {
  return peer::run(argc, argv, [](const bench::args& a, const char* runtime) {
    bench::measure(a, "spawn_join", runtime, [](std::uint64_t n) {
      for (std::uint64_t i = 0; i < n; ++i) {
        peer::spawn([] {}).join();
      }
    });
  });
}
