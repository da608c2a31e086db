// What does a tree of a million tasks cost? Each inner task starts ten and adds up what they send;
// time of the whole, and the most memory that the process had.
#include <cstdio>
#include <cstdlib>

#include "bench/usage.hpp"
#include "bench/weft_main.hpp"

namespace {

void node(const weft::chan<std::uint64_t>& to, std::uint64_t number, std::uint64_t size) {
  if (size == 1) {
    to.send(number);
    return;
  }
  const auto from = weft::make_chan<std::uint64_t>();
  for (std::uint64_t i = 0; i < 10; ++i) {
    weft::go([from, child = number + i * (size / 10), size] { node(from, child, size / 10); });
  }
  std::uint64_t sum = 0;
  for (int i = 0; i < 10; ++i) {
    sum += *from.recv();
  }
  to.send(sum);
}

}  // namespace

int main(int argc, char** argv) {
  return bench::weft_main(argc, argv, [](const bench::args& a) {
    const std::uint64_t leaves = a.ops != 0 ? a.ops : bench::skynet_leaves;
    bench::measure_job(a, "skynet", "weft", [&] {
      const auto result = weft::make_chan<std::uint64_t>();
      weft::go([&] { node(result, 0, leaves); });
      if (*result.recv() != leaves * (leaves - 1) / 2) {
        std::fprintf(stderr, "a wrong sum\n");
        std::exit(1);
      }
    });
    bench::print_result("skynet_peak", "weft", a.workers, "MB", {bench::used().peak_mb});
  });
}
