// More processors while tasks hog some.
//
// Nobody takes a processor away from a task that has not said it may block (weft::blocking): its owner
// may be in the middle of a plain store. But a task that computes for long or blocks its thread in a
// system call must not starve the others. So when the monitor finds that every processor has
// dispatched nothing for a while and something waits, it adds a processor from the reserve, as idle as
// any other, and wakes a worker for it. What lies in the queues and fronts of the stuck ones goes to
// the global queue; their timers are looked at in the rounds of the others.
//
// The substitute stays while somebody is stuck, idle if there is nothing to do, so that a sleeping task
// is woken in time; afterwards it is retired when it is idle. While nobody hogs nothing of this costs
// anything: the monitor looks anyway.
#include <algorithm>

#include "runtime/task/park.hpp"
#include "scheduler/idle_lists.hpp"

namespace weft::sched {

void add_substitute() noexcept {
  scheduler& s = the_scheduler();
  s.idle_lock.lock();
  processor* p = s.reserve;
  const std::uint32_t known = s.known_processors.load(std::memory_order_relaxed);
  if (s.idle_processors != nullptr || is_stopping() ||
      (p == nullptr && known == s.processor_count + most_substitutes)) {
    s.idle_lock.unlock();
    return;
  }
  if (p != nullptr) {
    s.reserve = p->next_idle;
  } else {
    p = &s.processors[known];
    p->index = known;
    // release pairs with known_processors().
    s.known_processors.store(known + 1, std::memory_order_release);
  }
  s.idle.set_processors(s.idle.processors() + 1);
  push_idle_locked(s, *p);
  s.idle.processor_went_idle(false);
  s.idle_lock.unlock();
  wake_one();
}

void retire_an_idle_substitute() noexcept {
  scheduler& s = the_scheduler();
  rt::spin_guard guard(s.idle_lock);
  for (processor** link = &s.idle_processors; *link != nullptr; link = &(*link)->next_idle) {
    processor& p = **link;
    if (p.index < s.processor_count) continue;
    *link = p.next_idle;
    p.next_idle = s.reserve;
    s.reserve = &p;
    s.idle.processor_taken(false);
    s.idle.set_processors(s.idle.processors() - 1);
    return;
  }
}

// Under the idle lock: in between the tasks are in the hands of a thread that holds no processor, and
// whoever decides that all tasks are asleep must not look then.
void empty_stuck_processor(processor& stuck) noexcept {
  scheduler& s = the_scheduler();
  if (stuck.queue.empty() && stuck.front.empty()) return;
  local_queue<rt::task, local_queue_capacity> loot;
  bool any = false;
  std::uint32_t stolen = 0;
  s.idle_lock.lock();
  while (rt::task* first = stuck.queue.steal_into(loot, stolen)) {
    s.global.push(*first);
    while (rt::task* next = loot.pop()) s.global.push(*next);
    any = true;
  }
  while (rt::task* next = stuck.front.rob()) {
    s.global.push(*next);
    any = true;
  }
  s.idle_lock.unlock();
  if (any) wake_if_needed();
}

void fire_timers_of_others(processor& self, std::int64_t now) noexcept {
  scheduler& s = the_scheduler();
  const std::uint32_t known = known_processors();
  for (std::uint32_t i = 0; i < known; ++i) {
    processor& other = s.processors[i];
    if (&other != &self && other.timers.next_ns() <= now)
      self.count.timers.add(static_cast<std::uint64_t>(other.timers.fire_due(now)));
  }
}

}  // namespace weft::sched
