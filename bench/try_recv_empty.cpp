// What does a receive cost that does not wait and finds nothing?
#include "bench/weft_main.hpp"

int main(int argc, char** argv) {
  return bench::weft_main(argc, argv, [](const bench::args& a) {
    bench::measure(a, "try_recv_empty", "weft", [](std::uint64_t n) {
      const auto ch = weft::make_chan<std::uint64_t>(bench::spsc_capacity);
      std::uint64_t v = 0;
      std::uint64_t nothing = 0;
      for (std::uint64_t i = 0; i < n; ++i) {
        nothing += ch.try_recv(v) == weft::chan_status::empty;
      }
      bench::keep(nothing);
    });
  });
}
