// Regions in which a task may block its OS thread: other tasks go on on another thread.
//
// The task stays on its thread, which gives its processor away; inside the region the thread counts
// as a plain OS thread: what weft calls there block it as such. At the end the task takes an idle
// processor or, if there is none, gets into the global queue and the thread becomes spare.
// A task in a region can wake others at any time, so it is counted until it is runnable again.
#include "runtime/task/park.hpp"
#include "runtime/base/check.hpp"
#include "scheduler/scheduler.hpp"

namespace weft::rt {

using sched::scheduler;
using sched::worker;

void enter_blocking(task& self) noexcept {
  thread_info& here = this_thread();
  WEFT_CHECK(here.current == &self, "the running task enters a blocking region");
  sched::the_scheduler().blocking.fetch_add(1, std::memory_order_seq_cst);
  here.current = nullptr;
  here.in_blocking = &self;
  sched::hand_off_processor(*here.worker);
}

void leave_blocking(task& self) noexcept {
  scheduler& s = sched::the_scheduler();
  thread_info& here = this_thread();
  if (here.worker == nullptr) return;  // forked inside
  WEFT_CHECK(here.in_blocking == &self, "the task that entered a blocking region leaves it");
  here.in_blocking = nullptr;
  worker& w = *here.worker;
  if (sched::try_take_idle_processor(w)) {
    here.current = &self;
    s.blocking.fetch_sub(1, std::memory_order_seq_cst);
    if (self.pinned_to != nullptr) sched::ask_for_round(*w.p);
    return;
  }
  if (self.pinned_to != nullptr) {
    sched::wait_for_processor_in_place(w, self);
    s.blocking.fetch_sub(1, std::memory_order_seq_cst);
    return;
  }
  self.state.store(task_state::runnable, std::memory_order_relaxed);
  w.after = sched::after_switch::requeue_global;
  w.left = &self;
  context_switch(self.ctx, w.native);
  sched::finish_switch();
}

}  // namespace weft::rt
