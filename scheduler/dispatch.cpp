// park, ready, yield: the hot paths. A task that waits switches straight to the next task when one
// is at hand, and to its worker's own stack when one must be looked for.
//
// The delicate part: a flow may not be resumed, queued or freed by anybody before it has left its
// stack. So whatever makes it visible to others (releasing the lock of the queue it waits in,
// committing its winner word, queueing it after a yield) is left in the worker's `after` fields and
// done by finish_switch() on the stack that runs next. No processor or worker pointer is kept across
// a switch: the flow may continue on another thread.
#include "runtime/base/check.hpp"
#include "runtime/debug/held_mutex.hpp"
#include "runtime/task/park.hpp"
#include "scheduler/scheduler.hpp"

namespace weft::sched {
namespace {

// Dispatches of the front's next in a row before the others get their turn: two tasks that
// wake each other share one time slice, and the others wait no longer for it.
constexpr std::uint32_t run_next_limit = 32;

void set_state(rt::task& task, rt::task_state state) noexcept {
  task.state.store(state, std::memory_order_relaxed);
}

// Leaves `self` for `next`, or for the worker's own stack if it is null.
void leave_for(rt::thread_info& here, worker& w, rt::task& self, rt::task* next) noexcept {
  WEFT_DCHECK(next == nullptr || self.pinned_to == nullptr, "a pinned task lets nobody on its thread");
#if defined(WEFT_CHECKS) && WEFT_CHECKS
  if (self.pinned_to == nullptr) rt::check_no_mutex_is_held(self);
#endif
  w.left = &self;
  here.current = next;
  if (next != nullptr) {
    set_state(*next, rt::task_state::running);
    w.p->count.dispatched.add();
    rt::context_switch(self.ctx, next->ctx);
  } else if (self.pinned_to != nullptr) [[unlikely]] {
    wait_in_place(w, self);
    return;
  } else {
    rt::context_switch(self.ctx, w.native);
  }
  finish_switch();
}

// Whether a task that waits alone is better kept where only the owner takes it: nobody else would look,
// or somebody has looked lately and found nothing of use, because two tasks wake each other, and a
// third, faster than anybody could take one of them.
bool keeps_to_itself(const processor& p) noexcept {
  const scheduler& s = the_scheduler();
  return s.idle.nobody_looks() || s.idle.processors() == 1 ||
         p.now_ns.load(std::memory_order_relaxed) < s.quiet_until_ns.load(std::memory_order_relaxed);
}

void finish_task(worker& w, rt::task& ended) noexcept {
  rt::context_destroy(ended.ctx);
  const rt::stack_span stack = ended.stack();
  set_state(ended, rt::task_state::unused);
  w.p->stacks.give(stack);
  w.p->count.finished.add_released();
  note_task_gone();
}

// False on foreign threads and inside a blocking region, whose thread has given its processor away.
bool has_processor(const rt::thread_info& here) noexcept {
  return here.worker != nullptr && here.worker->p != nullptr;
}

}  // namespace

void finish_switch() noexcept {
  worker& w = *rt::this_thread().worker;
  const after_switch what = w.after;
  if (what == after_switch::nothing) return;
  w.after = after_switch::nothing;
  rt::task& left = *w.left;
  switch (what) {
    case after_switch::nothing:
      break;
    case after_switch::unlock: {
      set_state(left, rt::task_state::parked);
      w.left_lock->unlock();
      break;
    }
    case after_switch::commit:
      set_state(left, rt::task_state::parked);
      if (!w.left_word->try_park()) {
        set_state(left, rt::task_state::runnable);
        push_next(w, left);
      }
      break;
    case after_switch::requeue:
      push_last(w, left);
      break;
    case after_switch::requeue_global: {
      scheduler& s = the_scheduler();
      inject(left);
      s.blocking.fetch_sub(1, std::memory_order_seq_cst);
      rt::atomic_thread_fence(std::memory_order_seq_cst);
      // It may have kept a check from its verdict: the task may already have run and parked.
      if (s.idle.idle() == s.idle.processors()) check_deadlock();
      break;
    }
    case after_switch::finish:
      finish_task(w, left);
      break;
  }
}

rt::task* quick_next(worker& self) noexcept {
#if defined(WEFT_FORCED_MIGRATION) && WEFT_FORCED_MIGRATION
  if (rt::current_task() != nullptr) {
    ask_for_round(*self.p);
    return nullptr;  // every dispatch goes through worker_main(), and no yield is for nothing
  }
#endif
  processor& p = *self.p;
  if (is_round_due(p)) return nullptr;
  ++p.tick;
  return is_round_due(p) ? nullptr : next_in_turn(p);
}

rt::task* next_in_turn(processor& p) noexcept {
  if (p.run_next_streak < run_next_limit) {
    if (rt::task* next = p.front.take_next()) {
      ++p.run_next_streak;
      return next;
    }
  }
  p.run_next_streak = 0;
  return take_oldest(p);
}

rt::task* take_oldest(processor& p) noexcept {
  if (rt::task* next = p.front.take_first()) return next;
  if (rt::task* next = p.queue.pop()) return next;
  return p.front.take_next();
}

void run_task(worker& self, rt::task& next) noexcept {
  rt::thread_info& here = rt::this_thread();
  here.current = &next;
  set_state(next, rt::task_state::running);
  self.p->count.dispatched.add();
  rt::context_switch(self.native, next.ctx);
  finish_switch();
}

void leave_for_ever(rt::task& self) noexcept {
  rt::thread_info& here = rt::this_thread();
  if (here.worker == nullptr) [[unlikely]]
    rt::fatal(
        "a task's function has returned in a forked process, where no worker runs: leave such a "
        "child by exec or _exit");
  worker& w = *here.worker;
  WEFT_CHECK(w.p != nullptr, "a task ends on a processor");
  rt::task* next = quick_next(w);
  set_state(self, rt::task_state::finished);
  w.after = after_switch::finish;
  w.left = &self;
  here.current = next;
  if (next == nullptr) rt::context_leave(self.ctx, w.native);
  set_state(*next, rt::task_state::running);
  w.p->count.dispatched.add();
  rt::context_leave(self.ctx, next->ctx);
}

void push_next(worker& self, rt::task& runnable) noexcept {
  rt::task* displaced = self.p->front.put_next(&runnable);
  if (displaced == nullptr) return;
  push_last(self, *displaced);
  wake_after_push(*self.p);
}

void wake_after_push(const processor& p) noexcept {
  if (!p.queue.empty() && the_scheduler().idle.processors() != 1) wake_if_needed();
}

void push_last(worker& self, rt::task& runnable) noexcept {
  processor& p = *self.p;
  if (p.queue.empty() && keeps_to_itself(p) && p.front.put_first(&runnable)) return;
  push_shared(p, runnable);
}

void push_shared(processor& p, rt::task& runnable) noexcept {
  if (p.queue.push(&runnable)) return;
  // Full: half of it goes where everybody looks. Thieves may make room meanwhile; then no harm.
  rt::task* batch[local_queue_capacity / 2 + 1];
  std::uint32_t count = p.queue.take_half(batch);
  batch[count++] = &runnable;
  the_scheduler().global.push_all(batch, count);
  p.count.overflowed.add(count);
}

void inject(rt::task& runnable) noexcept {
  scheduler& s = the_scheduler();
  // While a run ends, drop_leftovers() waits for it in the queue.
  const bool may_wake = begin_waking(s);
  s.global.push(runnable);
  if (!may_wake) return;
  wake_if_needed();
  end_waking(s);
}

bool begin_waking(scheduler& s) noexcept {
  if (rt::this_thread().worker != nullptr) return true;  // the end of a run waits for workers anyway
  // seq_cst pairs with shut_down(): it sees us, or we see that it is under way.
  s.waking_outside.fetch_add(1, std::memory_order_seq_cst);
  const phase now = s.now_in.load(std::memory_order_seq_cst);
  if (now != phase::stopping && now != phase::off) return true;
  end_waking(s);
  return false;
}

void end_waking(scheduler& s) noexcept {
  // release pairs with shut_down(): we have left what it takes apart.
  if (rt::this_thread().worker == nullptr)
    s.waking_outside.fetch_sub(1, std::memory_order_release);
}

void inject_list(rt::task* list) noexcept {
  while (list != nullptr) {
    rt::task* task = list;
    list = task->next;
    if (task->pinned_to != nullptr) {
      ready_in_place(*task);
      continue;
    }
    set_state(*task, rt::task_state::runnable);
    inject(*task);
  }
}

}  // namespace weft::sched

namespace weft::rt {

using sched::after_switch;
using sched::worker;

void park_task(task& self, spin_lock& held) noexcept {
  thread_info& here = this_thread();
  worker& w = *here.worker;
  w.after = after_switch::unlock;
  w.left_lock = &held;
  sched::leave_for(here, w, self, sched::quick_next(w));
}

void park_task_any(task& self, winner_word& word) noexcept {
  thread_info& here = this_thread();
  worker& w = *here.worker;
  w.after = after_switch::commit;
  w.left_word = &word;
  sched::leave_for(here, w, self, sched::quick_next(w));
}

void ready_task(task& parked) noexcept {
  if (parked.state.load(std::memory_order_relaxed) != task_state::parked) [[unlikely]] {
    if (parked.state.load(std::memory_order_relaxed) == task_state::abandoned) return;
    WEFT_CHECK(parked.state.load(std::memory_order_relaxed) == task_state::in_place,
               "a task is made ready once a park");
    return sched::ready_in_place(parked);
  }
  parked.state.store(task_state::runnable, std::memory_order_relaxed);
  thread_info& here = this_thread();
  if (!sched::has_processor(here)) {
    sched::inject(parked);
  } else if (here.current != nullptr) {
    sched::push_next(*here.worker, parked);
  } else {
    sched::push_last(*here.worker, parked);
    sched::wake_after_push(*here.worker->p);
  }
}

void yield_task(task& self) noexcept {
  thread_info& here = this_thread();
  worker& w = *here.worker;
  task* next = sched::quick_next(w);
  if (next == nullptr && !sched::is_round_due(*w.p)) return;  // nobody else wants to run
  self.state.store(task_state::runnable, std::memory_order_relaxed);
  w.after = after_switch::requeue;
  sched::leave_for(here, w, self, next);
}

}  // namespace weft::rt
