// Tasks that stay on their OS thread while a weft::pin_thread guard is held.
//
// Such a task never leaves its stack: where another one would switch to the next flow, its thread
// gives the processor away and sleeps on the task's stack, as in a blocking region. So nobody else
// ever runs on that thread, nobody can take the task elsewhere, and the others go on on another
// thread. What differs from a blocking region: the task is parked like any other (woken, cancelled
// and reported in the same way), and counts for the deadlock decision like any other.
//
// Made ready, it needs a processor for its own thread: an idle one at once, else its worker gets on
// a list and a worker in its round gives the one it has (give_to_pinned) and becomes spare. The
// list counts as waiting work, so whoever goes idle sees it by the protocol of idle.hpp.
//
// All of it is decided under the idle lock. A wake-up that comes before the thread sleeps is left in
// pinned_ready; the thread looks at it in the same critical section in which it says that it sleeps.
//
// park_task() and its like need no look at this: a pinned task's processor is told that a round is
// due (ask_for_round), so quick_next() finds it nothing, and on that path pinned tasks turn off.
//
// Rejected: letting other tasks run on the thread meanwhile (they would see what the pinned one keeps
// in thread-local storage, which is what pinning is for); a queue of its own for each thread.
#include "runtime/base/check.hpp"
#include "runtime/base/choose.hpp"
#include "runtime/task/park.hpp"
#include "scheduler/idle_lists.hpp"

namespace weft::sched {
namespace {

void set_state(rt::task& task, rt::task_state state) noexcept {
  task.state.store(state, std::memory_order_relaxed);
}

void push_pinned_locked(scheduler& s, worker& w) noexcept {
  w.next_pinned = nullptr;
  (s.last_pinned != nullptr ? s.last_pinned->next_pinned : s.first_pinned) = &w;
  s.last_pinned = &w;
  s.pinned_waiting.store(s.pinned_waiting.load(std::memory_order_relaxed) + 1,
                         std::memory_order_relaxed);
}

worker* pop_pinned_locked(scheduler& s) noexcept {
  worker* w = s.first_pinned;
  if (w == nullptr) return nullptr;
  s.first_pinned = w->next_pinned;
  if (s.first_pinned == nullptr) s.last_pinned = nullptr;
  s.pinned_waiting.store(s.pinned_waiting.load(std::memory_order_relaxed) - 1,
                         std::memory_order_relaxed);
  return w;
}

// Until somebody has given the thread a processor.
void sleep_in_place(worker& w, rt::task& self) noexcept {
  while (!is_stopping()) {
    w.parker.park();
    // acquire of the parker, as in wait_for_processor().
    if (is_stopping() || w.p == nullptr) continue;
    w.p->count.dispatched.add();
    ask_for_round(*w.p);
    set_state(self, rt::task_state::running);
    rt::this_thread().current = &self;
    return;
  }
  // Abandoned: the worker leaves, nobody comes back here.
  rt::context_switch(self.ctx, w.native);
}

// The processor is given away; the task is runnable again (a yield) or parked.
void give_up_processor(worker& w, rt::task& self, bool runnable) noexcept {
  scheduler& s = the_scheduler();
  take_out_front(w);
  s.idle_lock.lock();
  if (w.pinned_ready) {
    w.pinned_ready = false;
    s.idle_lock.unlock();
    set_state(self, rt::task_state::running);
    rt::this_thread().current = &self;
    return;
  }
  w.pinned_waits = true;
  if (runnable) {
    w.p->gave_to_pinned = true;  // the others first
    push_pinned_locked(s, w);
  }
  leave_processor_locked(s, w);
  s.idle_lock.unlock();
  if (!look_after_idle_processor()) check_deadlock();
  sleep_in_place(w, self);
}

// Nothing that a yield should let go first.
bool is_alone(const processor& p) noexcept {
  return p.front.empty() && !work_is_waiting() &&
         the_scheduler().io_waiting.load(std::memory_order_relaxed) == 0 &&
         p.timers.next_ns() > rt::now_ns() && !is_stopping();
}

}  // namespace

void wait_in_place(worker& w, rt::task& self) noexcept {
  const after_switch what = w.after;
  w.after = after_switch::nothing;
  bool runnable = false;
  switch (what) {
    case after_switch::unlock:
      set_state(self, rt::task_state::in_place);
      w.left_lock->unlock();
      break;
    case after_switch::commit:
      set_state(self, rt::task_state::in_place);
      if (w.left_word->try_park()) break;
      set_state(self, rt::task_state::running);
      rt::this_thread().current = &self;
      return;
    default:  // a yield
      runnable = true;
      if (!is_alone(*w.p)) break;
      set_state(self, rt::task_state::running);
      rt::this_thread().current = &self;
      return;
  }
  give_up_processor(w, self, runnable);
}

void ready_in_place(rt::task& pinned) noexcept {
  scheduler& s = the_scheduler();
  worker& w = *pinned.pinned_to;
  set_state(pinned, rt::task_state::runnable);
  s.idle_lock.lock();
  if (!w.pinned_waits) {
    w.pinned_ready = true;
    s.idle_lock.unlock();
    return;
  }
  processor* idle = pop_idle_locked(s);
  if (idle == nullptr) {
    push_pinned_locked(s, w);
    s.idle_lock.unlock();
    return;
  }
  w.pinned_waits = false;
  give_processor_locked(s, w, *idle, false);
  s.idle_lock.unlock();
  w.parker.unpark();
}

void wait_for_processor_in_place(worker& w, rt::task& self) noexcept {
  scheduler& s = the_scheduler();
  set_state(self, rt::task_state::runnable);
  s.idle_lock.lock();
  if (processor* idle = pop_idle_locked(s)) {
    give_processor_locked(s, w, *idle, false);
    s.idle_lock.unlock();
    ask_for_round(*w.p);
    set_state(self, rt::task_state::running);
    rt::this_thread().current = &self;
    return;
  }
  w.pinned_waits = true;
  push_pinned_locked(s, w);
  s.idle_lock.unlock();
  sleep_in_place(w, self);
}

bool give_to_pinned(worker& self) noexcept {
  scheduler& s = the_scheduler();
  take_out_front(self);
  s.idle_lock.lock();
  worker* w = pop_pinned_locked(s);
  if (w == nullptr) {
    s.idle_lock.unlock();
    return false;
  }
  self.p->gave_to_pinned = true;
  w->p = self.p;
  w->pinned_waits = false;
  self.p = nullptr;
  // Before the other can run: if it leaves its processor idle it must not take us for a searcher.
  if (self.searching) s.idle.stop_searching();
  self.searching = false;
  s.idle_lock.unlock();
  w->parker.unpark();
  // What lies in the processor is surplus now, and pushers may have seen us searching.
  if (work_is_waiting()) wake_if_needed();
  return true;
}

}  // namespace weft::sched

namespace weft::rt {

void pin_task(task& self) noexcept {
  WEFT_CHECK(self.pins != 255, "at most 255 pin_thread guards at a time");
  if (self.pins++ != 0) return;
  sched::worker& w = *this_thread().worker;
  self.pinned_to = &w;
  if (w.p != nullptr) sched::ask_for_round(*w.p);  // none inside a blocking region
}

void unpin_task(task& self) noexcept {
  WEFT_CHECK(self.pins != 0, "a pin_thread guard ends in the task in which it began");
  if (--self.pins == 0) self.pinned_to = nullptr;
}

}  // namespace weft::rt
