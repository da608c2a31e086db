// What does a select of four cost? As select2, over four channels.
#include <array>

#include "bench/feed.hpp"
#include "bench/weft_main.hpp"

int main(int argc, char** argv) {
  return bench::weft_main(argc, argv, [](const bench::args& a) {
    bench::measure(
        a, "select4", "weft",
        [](std::uint64_t n) {
          std::array<weft::chan<std::uint64_t>, 4> c;
          for (auto& ch : c) {
            ch = weft::make_chan<std::uint64_t>();
          }
          weft::wait_group ended;
          bench::feed(ended, n / c.size(), c);
          std::uint64_t sum = 0;
          std::uint64_t v = 0;
          for (std::uint64_t i = 0; i < n; ++i) {
            weft::select(weft::recv(c[0], v), weft::recv(c[1], v), weft::recv(c[2], v),
                         weft::recv(c[3], v));
            sum += v;
          }
          bench::keep(sum);
          ended.wait();
        },
        1, 4);
  });
}
