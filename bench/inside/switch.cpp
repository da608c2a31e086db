// What does weft's own switch cost, without a scheduler? Two flows hand over to each other.
// This program looks inside the library (runtime/context).
#include <cstddef>
#include <cstdint>
#include <vector>

#include "bench/harness.hpp"
#include "runtime/context/context.hpp"

namespace {

struct pair {
  weft::rt::context main;
  weft::rt::context other;
};

void other_flow(void* arg) {
  auto& flows = *static_cast<pair*>(arg);
  for (;;) {
    weft::rt::context_switch(flows.other, flows.main);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const bench::args a = bench::parse(argc, argv);
  bench::only_workers(a, 1);
  pair flows;
  std::vector<std::byte> memory(64 * 1024);
  weft::rt::context_adopt(flows.main);
  weft::rt::context_make(
      flows.other, weft::rt::stack_span{memory.data(), memory.data() + memory.size()}, other_flow,
      &flows);
  bench::measure(a, "switch", "weft", [&](std::uint64_t n) {
    for (std::uint64_t i = 0; i < n; i += 2) {  // there and back: two switches
      weft::rt::context_switch(flows.main, flows.other);
    }
  });
  weft::rt::context_destroy(flows.other);
  weft::rt::context_abandon(flows.main);
}
