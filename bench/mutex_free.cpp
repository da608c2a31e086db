// What do lock and unlock of a mutex cost that nobody else wants?
#include "bench/weft_main.hpp"

int main(int argc, char** argv) {
  return bench::weft_main(argc, argv, [](const bench::args& a) {
    bench::measure(a, "mutex_free", "weft", [](std::uint64_t n) {
      weft::mutex mutex;
      std::uint64_t counter = 0;
      for (std::uint64_t i = 0; i < n; ++i) {
        mutex.lock();
        bench::keep(++counter);
        mutex.unlock();
      }
    });
  });
}
