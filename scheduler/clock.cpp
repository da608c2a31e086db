// Timers of tasks: each processor has a heap, a task arms in the one it runs on. They fire in the
// rounds of workers (find_runnable.cpp), or when the worker in the poller comes out for them.
#include "runtime/task/park.hpp"
#include "runtime/base/check.hpp"
#include "scheduler/scheduler.hpp"

namespace weft::rt {

void arm_timer(timer_node& timer, std::int64_t when_ns) noexcept {
  sched::worker* w = this_thread().worker;
  WEFT_CHECK(w != nullptr && w->p != nullptr, "timers are armed by running tasks");
  // This worker looks at its heap in its rounds, and before it sleeps it tells the one in the
  // poller if that sleeps too long. Nothing more to do.
  w->p->timers.arm(timer, when_ns);
}

bool disarm_timer(timer_node& timer) noexcept { return timer_heap::disarm(timer); }

std::int64_t coarse_now_ns() noexcept {
  sched::worker* w = this_thread().worker;
  return w != nullptr && w->p != nullptr ? w->p->now_ns.load(std::memory_order_relaxed) : now_ns();
}

std::uint32_t choose_here(std::uint32_t bound) noexcept {
  return choose_below(this_thread().choices, bound);
}

void io_wait_begin() noexcept {
  sched::the_scheduler().io_waiting.fetch_add(1, std::memory_order_seq_cst);
  // A worker that has a processor goes idle after us, if at all, and looks at the count then.
  const thread_info& here = this_thread();
  if (here.worker == nullptr || here.worker->p == nullptr) sched::see_that_somebody_polls();
}

void io_wait_end() noexcept {
  sched::the_scheduler().io_waiting.fetch_sub(1, std::memory_order_seq_cst);
}

}  // namespace weft::rt
