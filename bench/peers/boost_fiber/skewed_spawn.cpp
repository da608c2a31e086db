// CPU-bound fibers, all started by one: shows whether the other threads take their share.
#include "bench/peers/boost_fiber/peer.hpp"

int main(int argc, char** argv) {
  return peer::run(argc, argv, [](const bench::args& a, const char* runtime) {
    bench::measure_job(a, "skewed_spawn", runtime, [] {
      peer::countdown ended(bench::skewed_tasks);
      for (std::uint64_t t = 0; t < bench::skewed_tasks; ++t) {
        peer::spawn([&ended, t] {
          bench::keep(bench::burn(t));
          ended.done();
        }).detach();
      }
      ended.wait();
    });
  });
}
