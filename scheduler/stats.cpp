// weft::debug::stats(): the sum of the processors' counters.
#include <weft/debug.hpp>

#include "scheduler/scheduler.hpp"

namespace weft::debug {

scheduler_stats stats() noexcept {
  sched::scheduler& s = sched::the_scheduler();
  scheduler_stats sum;
  // Under the lock the processors cannot go away.
  rt::spin_guard guard(s.idle_lock);
  if (s.processor_count == 0) return sum;
  sum.workers = s.processor_count;
  sum.threads = s.workers.size();
  sum.live_tasks = sched::live_tasks();
  sum.spawned = s.spawned_outside.load(std::memory_order_relaxed);
  const std::uint32_t known = sched::known_processors();
  for (std::uint32_t i = 0; i < known; ++i) {
    const sched::counters& count = s.processors[i].count;
    sum.spawned += count.spawned.get();
    sum.dispatched += count.dispatched.get();
    sum.stolen += count.stolen.get();
    sum.overflowed += count.overflowed.get();
    sum.wakeups += count.wakeups.get();
    sum.parks += count.idled.get();
    sum.polls += count.polls.get();
    sum.timers += count.timers.get();
  }
  return sum;
}

}  // namespace weft::debug
