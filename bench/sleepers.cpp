// What do timers cost in a crowd? 100,000 tasks sleep a millisecond ten times each.
#include <chrono>

#include "bench/weft_main.hpp"

int main(int argc, char** argv) {
  return bench::weft_main(argc, argv, [](const bench::args& a) {
    bench::measure_job(a, "sleepers", "weft", [] {
      weft::wait_group ended;
      ended.add(bench::sleeper_count);
      for (int t = 0; t < bench::sleeper_count; ++t) {
        weft::go([&ended] {
          for (int i = 0; i < bench::sleeper_naps; ++i) {
            weft::sleep_for(std::chrono::milliseconds(1));
          }
          ended.done();
        });
      }
      ended.wait();
    });
  });
}
