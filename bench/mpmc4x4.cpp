// What does a buffered element cost when many share the channel? Four producers, four consumers.
#include "bench/weft_main.hpp"

int main(int argc, char** argv) {
  return bench::weft_main(argc, argv, [](const bench::args& a) {
    bench::measure(
        a, "mpmc4x4", "weft",
        [](std::uint64_t n) {
          const auto ch = weft::make_chan<std::uint64_t>(bench::spsc_capacity);
          weft::wait_group produced;
          weft::wait_group consumed;
          for (int t = 0; t < 4; ++t) {
            produced.go([ch, n] {
              for (std::uint64_t i = 0; i < n / 4; ++i) {
                ch.send(i);
              }
            });
            consumed.go([ch] {
              std::uint64_t sum = 0;
              for (const std::uint64_t v : ch) {
                sum += v;
              }
              bench::keep(sum);
            });
          }
          produced.wait();
          ch.close();
          consumed.wait();
        },
        1, 4);
  });
}
