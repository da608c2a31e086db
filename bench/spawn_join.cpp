// What does a task cost from spawn to join, one after the other?
#include "bench/weft_main.hpp"

int main(int argc, char** argv) {
  return bench::weft_main(argc, argv, [](const bench::args& a) {
    bench::measure(a, "spawn_join", "weft", [](std::uint64_t n) {
      for (std::uint64_t i = 0; i < n; ++i) {
        weft::spawn([] {}).join();
      }
    });
  });
}
