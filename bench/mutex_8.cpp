// What does a contended mutex cost? Eight tasks lock and unlock the same one; time one pair.
#include "bench/weft_main.hpp"

int main(int argc, char** argv) {
  return bench::weft_main(argc, argv, [](const bench::args& a) {
    bench::measure(
        a, "mutex_8", "weft",
        [](std::uint64_t n) {
          weft::mutex mutex;
          weft::wait_group ended;
          std::uint64_t counter = 0;
          for (int t = 0; t < 8; ++t) {
            ended.go([&] {
              for (std::uint64_t i = 0; i < n / 8; ++i) {
                mutex.lock();
                bench::keep(++counter);
                mutex.unlock();
              }
            });
          }
          ended.wait();
        },
        1, 8);
  });
}
