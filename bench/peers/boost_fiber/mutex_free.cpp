// Lock and unlock a mutex that nobody else wants.
#include "bench/peers/boost_fiber/peer.hpp"

int main(int argc, char** argv) {
  return peer::run(argc, argv, [](const bench::args& a, const char* runtime) {
    bench::measure(a, "mutex_free", runtime, [](std::uint64_t n) {
      boost::fibers::mutex mutex;
      std::uint64_t counter = 0;
      for (std::uint64_t i = 0; i < n; ++i) {
        mutex.lock();
        bench::keep(++counter);
        mutex.unlock();
      }
    });
  });
}
