// What does a task cost in a crowd? Waves of 10,000: each task says that it has arrived, parks on a
// gate, and ends when the gate is opened. The empty body beside it.
#include "bench/weft_main.hpp"

int main(int argc, char** argv) {
  return bench::weft_main(argc, argv, [](const bench::args& a) {
    bench::measure(
        a, "spawn_wave", "weft",
        [](std::uint64_t n) {
          for (std::uint64_t wave = 0; wave < n / bench::wave_size; ++wave) {
            const auto gate = weft::make_chan<int>();
            weft::wait_group arrived;
            weft::wait_group ended;
            arrived.add(bench::wave_size);
            ended.add(bench::wave_size);
            for (std::uint64_t i = 0; i < bench::wave_size; ++i) {
              weft::go([&] {
                arrived.done();
                gate.recv();
                ended.done();
              });
            }
            arrived.wait();
            gate.close();
            ended.wait();
          }
        },
        1, bench::wave_size);
    bench::measure(
        a, "spawn_wave_empty", "weft",
        [](std::uint64_t n) {
          for (std::uint64_t wave = 0; wave < n / bench::wave_size; ++wave) {
            weft::wait_group ended;
            ended.add(bench::wave_size);
            for (std::uint64_t i = 0; i < bench::wave_size; ++i) {
              weft::go([&] { ended.done(); });
            }
            ended.wait();
          }
        },
        1, bench::wave_size);
  });
}
