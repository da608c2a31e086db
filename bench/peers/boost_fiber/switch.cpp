// A bare switch between two stacks, as Boost.Fiber does it (boost::context::fiber), no scheduler.
#include <boost/context/fiber.hpp>

#include "bench/harness.hpp"

int main(int argc, char** argv) {
  const bench::args a = bench::parse(argc, argv);
  bench::only_workers(a, 1);
  boost::context::fiber other([](boost::context::fiber&& back) {
    for (;;) {
      back = std::move(back).resume();
    }
    return std::move(back);
  });
  bench::measure(a, "switch", "boost_fiber", [&](std::uint64_t n) {
    for (std::uint64_t i = 0; i < n; i += 2) {  // there and back: two switches
      other = std::move(other).resume();
    }
  });
}
