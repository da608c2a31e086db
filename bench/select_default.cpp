// What does a look at two channels cost that have nothing? A select of two with an otherwise.
#include "bench/weft_main.hpp"

int main(int argc, char** argv) {
  return bench::weft_main(argc, argv, [](const bench::args& a) {
    bench::measure(a, "select_default", "weft", [](std::uint64_t n) {
      const auto c = weft::make_chan<std::uint64_t>();
      const auto d = weft::make_chan<std::uint64_t>();
      std::uint64_t v = 0;
      std::uint64_t nothing = 0;
      for (std::uint64_t i = 0; i < n; ++i) {
        nothing += weft::select(weft::recv(c, v), weft::recv(d, v), weft::otherwise()) == 2;
      }
      bench::keep(nothing);
    });
  });
}
