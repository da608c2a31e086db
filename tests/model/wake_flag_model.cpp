// netpoll/wake_flag.hpp under the explorer.
//   Whoever interrupts is seen by the poll that waits, although only the first of a row makes the
//   system call: no interrupt is slept over.
#include "netpoll/wake_flag.hpp"

#include "explorer/suite.hpp"
#include "runtime/base/futex.hpp"

namespace {

using namespace weft;

struct poller {
  np::wake_flag flag;
  rt::atomic<std::uint32_t> readable{0};  // the wake descriptor
  rt::atomic<int> handed_in{0};

  void interrupt() {
    handed_in.fetch_add(1, std::memory_order_relaxed);
    if (!flag.raise()) return;
    readable.store(1, std::memory_order_relaxed);
    rt::futex_wake(readable, 1);
  }
  void poll() {
    while (readable.load(std::memory_order_relaxed) == 0) rt::futex_wait(readable, 0);
    readable.store(0, std::memory_order_relaxed);
    flag.lower();
  }
};

void interrupted(int by) {
  auto& s = model::make<poller>();
  model::thread("poller", [&, by] {
    do s.poll();
    while (s.handed_in.load(std::memory_order_relaxed) != by);
  });
  for (int i = 0; i < by; ++i) model::thread(i == 0 ? "first" : "second", [&] { s.interrupt(); });
  model::join_all();
}

}  // namespace

int main(int argc, char** argv) {
  return weft::model::verify(argc, argv,
                             {
                                 {"by one", {.preemptions = 5}, [] { interrupted(1); }},
                                 {"by two", {.preemptions = 3}, [] { interrupted(2); }},
                             });
}
