// What does a buffered element cost? One producer, one consumer, a buffer of 128.
#include "bench/weft_main.hpp"

int main(int argc, char** argv) {
  return bench::weft_main(argc, argv, [](const bench::args& a) {
    bench::measure(a, "spsc128", "weft", [](std::uint64_t n) {
      const auto ch = weft::make_chan<std::uint64_t>(bench::spsc_capacity);
      weft::go([ch, n] {
        for (std::uint64_t i = 0; i < n; ++i) {
          ch.send(i);
        }
        ch.close();
      });
      std::uint64_t sum = 0;
      for (const std::uint64_t v : ch) {
        sum += v;
      }
      bench::keep(sum);
    });
  });
}
