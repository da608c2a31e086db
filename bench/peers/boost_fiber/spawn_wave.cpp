// Waves of 10,000: each fiber says that it has arrived, parks on a gate, and ends when the gate is
// opened. The empty body beside it.
#include "bench/peers/boost_fiber/peer.hpp"

int main(int argc, char** argv) {
  return peer::run(argc, argv, [](const bench::args& a, const char* runtime) {
    bench::measure(
        a, "spawn_wave", runtime,
        [](std::uint64_t n) {
          for (std::uint64_t wave = 0; wave < n / bench::wave_size; ++wave) {
            boost::fibers::unbuffered_channel<int> gate;
            peer::countdown arrived(bench::wave_size);
            peer::countdown ended(bench::wave_size);
            for (std::uint64_t i = 0; i < bench::wave_size; ++i) {
              peer::spawn([&] {
                arrived.done();
                int value = 0;
                gate.pop(value);
                ended.done();
              }).detach();
            }
            arrived.wait();
            gate.close();
            ended.wait();
          }
        },
        1, bench::wave_size);
    bench::measure(
        a, "spawn_wave_empty", runtime,
        [](std::uint64_t n) {
          for (std::uint64_t wave = 0; wave < n / bench::wave_size; ++wave) {
            peer::countdown ended(bench::wave_size);
            for (std::uint64_t i = 0; i < bench::wave_size; ++i) {
              peer::spawn([&] { ended.done(); }).detach();
            }
            ended.wait();
          }
        },
        1, bench::wave_size);
  });
}
