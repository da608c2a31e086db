// What can wake a task from outside, and the decision that nothing can.
//
// All tasks are asleep when every processor is idle and nothing is left that can make one runnable:
// no queued task, no armed timer, nobody waiting for a descriptor, no blocking region, no waker
// guard, nobody outside spawning, and every foreign thread that weft knows parked in weft. Only then: whatever is linked,
// listening or ticking without a waiter has no say.
//
// Ordering rules that prevent a false alarm:
//   - a task that waited for a descriptor, or left a blocking region, is counted away by itself
//     after it runs again (or is queued), never by who wakes it;
//   - timers fire only under a processor, and a processor is taken under the idle lock, so while the
//     lock is held with all of them idle no timer is being fired;
//   - the worker in the poller may hold ready tasks in its hands without a processor, but their waits
//     are still counted. That it sleeps there, perhaps to a deadline that nobody has any more, says
//     nothing.
// The check is made by who went idle last and by who took away the last outside reason, so it costs
// nothing while tasks run.
#include "runtime/base/choose.hpp"
#include "runtime/debug/deadlock.hpp"
#include "runtime/task/park.hpp"
#include "scheduler/idle_lists.hpp"
#include "scheduler/os_threads.hpp"

namespace weft::sched {
namespace {

bool somebody_outside_may_wake(const scheduler& s) noexcept {
  return s.blocking.load(std::memory_order_seq_cst) > 0 ||
         s.io_waiting.load(std::memory_order_seq_cst) > 0 || s.outside.look().may_wake() ||
         s.spawning.load(std::memory_order_seq_cst) > 0;
}

// The order counts. A thread that spawns says so, counts the task, queues it, and says that it is
// through: who sees the task counted sees the thread at it or the task queued. Likewise whatever
// goes from outside into a queue is looked for there last.
bool all_asleep_locked(const scheduler& s) noexcept {
  return s.now_in.load(std::memory_order_acquire) == phase::running &&
         !s.main_ended.load(std::memory_order_acquire) &&
         s.idle.idle() == s.idle.processors() && live_tasks() > 0 && !somebody_outside_may_wake(s) &&
         !work_is_waiting() && earliest_timer_ns() == rt::never_ns;
}

// OS threads that weft has no idea of: not its own, not the one that waits in run(), not foreign
// ones that have called it.
std::uint32_t unknown_threads(scheduler& s) noexcept {
  std::uint32_t ours = 0;
  {
    rt::spin_guard guard(s.idle_lock);
    ours = s.embedded || s.caller_is_known ? 1 : 2;  // the monitor, and who waits in run()
    ours += static_cast<std::uint32_t>(s.workers.size());
  }
  ours += static_cast<std::uint32_t>(s.outside.look().live);
  const std::uint32_t all = count_os_threads();
  if (all == 0) return rt::deadlock_verdict::not_counted;
  return all > ours ? all - ours : 0;
}

// Called again for what may have been kept from being said while the handler was busy.
bool check_once() noexcept {
  scheduler& s = the_scheduler();
  bool may_be_definite = false;
  bool whoever_is_there = false;
  {
    // The phase is looked at first: a thread may come here late, while another run is made ready.
    rt::spin_guard guard(s.idle_lock);
    if (!all_asleep_locked(s) || s.deadlock_said == deadlock_news::definite) return false;
    may_be_definite = !s.embedded;
    whoever_is_there = s.opts.foreign_threads == foreign_policy::never_wake;
  }
  // Counted before the second look: a thread that becomes known meanwhile is seen there, awake.
  rt::deadlock_verdict verdict;
  verdict.unknown_threads = unknown_threads(s);
  verdict.definite = may_be_definite && (verdict.unknown_threads == 0 || whoever_is_there);
  std::shared_ptr<const deadlock_handler> handler;
  {
    rt::spin_guard guard(s.idle_lock);
    const deadlock_news news = verdict.definite ? deadlock_news::definite : deadlock_news::possible;
    if (!all_asleep_locked(s) || s.deadlock_said >= news) return false;
    s.deadlock_said = news;
    handler = s.on_deadlock;
    // The handler may wake somebody, and may wait for that one: it is a waker itself, and its thread is
    // not given a processor meanwhile.
    s.outside.add(0, 0, 1);
    worker* const self = rt::this_thread().worker;
    if (self != nullptr) (void)remove_spare_locked(s, *self);
  }
  rt::handle_deadlock(*handler, verdict);
  s.outside.add(0, 0, -1);
  return true;
}

}  // namespace

void check_deadlock() noexcept {
  while (check_once()) {
  }
}

}  // namespace weft::sched

namespace weft::rt {

void note_outside(outside_event event) noexcept {
  sched::scheduler& s = sched::the_scheduler();
  bool fewer_wakers = false;
  switch (event) {
    case outside_event::thread_entered:
      s.outside.add(1, 0, 0);
      break;
    case outside_event::thread_parked:
      s.outside.add(0, 1, 0);
      fewer_wakers = true;
      break;
    case outside_event::thread_running:
      s.outside.add(0, -1, 0);
      break;
    case outside_event::thread_left:
      s.outside.add(-1, 0, 0);
      fewer_wakers = true;
      break;
    case outside_event::waker_acquired:
      s.outside.add(0, 0, 1);
      break;
    case outside_event::waker_released:
      s.outside.add(0, 0, -1);
      fewer_wakers = true;
      break;
  }
  if (fewer_wakers && s.now_in.load(std::memory_order_acquire) == sched::phase::running)
    sched::check_deadlock();
}

}  // namespace weft::rt
