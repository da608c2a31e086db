// Do other workers take their share? 2,000 CPU-bound tasks, all spawned by one; time of the whole.
#include "bench/weft_main.hpp"

int main(int argc, char** argv) {
  return bench::weft_main(argc, argv, [](const bench::args& a) {
    bench::measure_job(a, "skewed_spawn", "weft", [] {
      weft::wait_group ended;
      ended.add(bench::skewed_tasks);
      for (std::uint64_t t = 0; t < bench::skewed_tasks; ++t) {
        weft::go([&ended, t] {
          bench::keep(bench::burn(t));
          ended.done();
        });
      }
      ended.wait();
    });
  });
}
