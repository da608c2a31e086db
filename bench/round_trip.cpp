// What does a hand-over cost? There and back between two tasks over two unbuffered channels.
#include "bench/weft_main.hpp"

int main(int argc, char** argv) {
  return bench::weft_main(argc, argv, [](const bench::args& a) {
    bench::measure(a, "round_trip", "weft", [](std::uint64_t n) {
      const auto there = weft::make_chan<std::uint64_t>();
      const auto back = weft::make_chan<std::uint64_t>();
      weft::go([there, back] {
        for (const std::uint64_t v : there) {
          back.send(v);
        }
        back.close();
      });
      for (std::uint64_t i = 0; i < n; ++i) {
        there.send(i);
        back.recv();
      }
      there.close();
      back.recv();
    });
  });
}
