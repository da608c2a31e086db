// 100,000 fibers sleep a millisecond ten times each.
#include <chrono>

#include "bench/peers/boost_fiber/peer.hpp"

int main(int argc, char** argv) {
  return peer::run(argc, argv, [](const bench::args& a, const char* runtime) {
    bench::measure_job(a, "sleepers", runtime, [] {
      peer::countdown ended(bench::sleeper_count);
      for (int t = 0; t < bench::sleeper_count; ++t) {
        peer::spawn([&ended] {
          for (int i = 0; i < bench::sleeper_naps; ++i) {
            boost::this_fiber::sleep_for(std::chrono::milliseconds(1));
          }
          ended.done();
        }).detach();
      }
      ended.wait();
    });
  });
}
