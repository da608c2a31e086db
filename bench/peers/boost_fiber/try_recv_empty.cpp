// A receive that does not wait and finds nothing.
#include "bench/peers/boost_fiber/peer.hpp"

int main(int argc, char** argv) {
  return peer::run(argc, argv, [](const bench::args& a, const char* runtime) {
    bench::measure(a, "try_recv_empty", runtime, [](std::uint64_t n) {
      boost::fibers::buffered_channel<std::uint64_t> ch(bench::spsc_capacity);
      std::uint64_t v = 0;
      std::uint64_t nothing = 0;
      for (std::uint64_t i = 0; i < n; ++i) {
        nothing += ch.try_pop(v) == boost::fibers::channel_op_status::empty;
      }
      bench::keep(nothing);
    });
  });
}
