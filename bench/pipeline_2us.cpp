// Does work spread that is handed from task to task? Four stages, about 2 us of work in each,
// buffers of 16 between them; time an element. The gain from 1 to 2 workers is what matters.
#include "bench/weft_main.hpp"

int main(int argc, char** argv) {
  return bench::weft_main(argc, argv, [](const bench::args& a) {
    bench::measure(a, "pipeline_2us", "weft", [](std::uint64_t n) {
      weft::wait_group ended;
      const auto first = weft::make_chan<std::uint64_t>(bench::stage_capacity);
      ended.go([first, n] {
        for (std::uint64_t i = 0; i < n; ++i) {
          first.send(i);
        }
        first.close();
      });
      auto from = first;
      for (int s = 0; s < bench::stages; ++s) {
        const auto to = weft::make_chan<std::uint64_t>(bench::stage_capacity);
        ended.go([from, to] {
          for (const std::uint64_t v : from) {
            to.send(bench::burn(v, bench::stage_steps));
          }
          to.close();
        });
        from = to;
      }
      std::uint64_t sum = 0;
      for (const std::uint64_t v : from) {
        sum += v;
      }
      bench::keep(sum);
      ended.wait();
    });
  });
}
