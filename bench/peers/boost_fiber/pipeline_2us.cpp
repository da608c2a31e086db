// Four stages with about 2 us of work in each, buffers of 16 between them; time an element.
#include <memory>

#include "bench/peers/boost_fiber/peer.hpp"

int main(int argc, char** argv) {
  return peer::run(argc, argv, [](const bench::args& a, const char* runtime) {
    bench::measure(a, "pipeline_2us", runtime, [](std::uint64_t n) {
      using channel = boost::fibers::buffered_channel<std::uint64_t>;
      std::vector<boost::fibers::fiber> fibers;
      auto from = std::make_shared<channel>(bench::stage_capacity);
      fibers.emplace_back([to = from, n] {
        for (std::uint64_t i = 0; i < n; ++i) {
          to->push(i);
        }
        to->close();
      });
      for (int s = 0; s < bench::stages; ++s) {
        auto to = std::make_shared<channel>(bench::stage_capacity);
        fibers.emplace_back([from, to] {
          for (std::uint64_t v : *from) {
            to->push(bench::burn(v, bench::stage_steps));
          }
          to->close();
        });
        from = to;
      }
      std::uint64_t sum = 0;
      for (std::uint64_t v : *from) {
        sum += v;
      }
      bench::keep(sum);
      for (auto& fiber : fibers) {
        fiber.join();
      }
    });
  });
}
