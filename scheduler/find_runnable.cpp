// Where a worker looks for work.
//
// A round, every `round_ticks` dispatches and whenever the local queue is empty: read the clock, fire
// the timers that are due, look at the poller if somebody waits for a descriptor, take from the
// global queue. In between, dispatches cost nothing of that. Tasks that run long make rounds rare,
// so the number of dispatches to the next round follows the time the last ones took.
//
// Order: own timers, poller, a share of the global queue (all of that goes behind the own tasks), front,
// local queue, then everything again after becoming a searcher: other processors' queues and timers, and their fronts, if their worker
// has dispatched nothing since the search began.
#include <algorithm>

#include "netpoll/poller.hpp"
#include "runtime/base/choose.hpp"
#include "runtime/task/park.hpp"
#include "scheduler/scheduler.hpp"

namespace weft::sched {
namespace {

constexpr std::uint32_t max_round_ticks = 64;
constexpr std::int64_t short_round_ns = 50'000;
constexpr std::int64_t long_round_ns = 200'000;
// A system call; when busy not more often than this.
constexpr std::int64_t poll_interval_ns = 20'000;
// How long a searcher looks before it sleeps: about what waking it again would cost.
constexpr std::int64_t search_ns = 20'000;
// A processor that dispatches nothing for so long may be robbed of its front.
constexpr std::int64_t stuck_ns = 3'000;
// How long nobody is woken for a front after a search that found nothing.
constexpr std::int64_t quiet_ns = 500'000;

void note_round(processor& p, std::int64_t now) noexcept {
  if (p.tick >= p.round_ticks) {
    const std::int64_t took = now - p.round_ns;
    if (took > long_round_ns)
      p.round_ticks = p.round_ticks > 1 ? p.round_ticks / 2 : 1;
    else if (took < short_round_ns && p.round_ticks < max_round_ticks)
      p.round_ticks *= 2;
  }
  if (p.round_wanted.load(std::memory_order_relaxed)) {
    p.round_wanted.store(false, std::memory_order_relaxed);
    p.round_ticks = p.tick > 1 ? p.tick / 2 : 1;
  }
  p.tick = 0;
  p.round_ns = now;
  p.now_ns.store(now, std::memory_order_relaxed);
}

void look_at_poller(worker& self, std::int64_t now) noexcept {
  scheduler& s = the_scheduler();
  processor& p = *self.p;
  if (s.io_waiting.load(std::memory_order_relaxed) == 0 || now - p.last_poll_ns < poll_interval_ns)
    return;
  p.last_poll_ns = now;
  p.count.polls.add();
  np::ready_list ready;
  np::poll(0, ready);
  queue_list(self, ready.head);
}

// A share of the global queue goes behind what is here, so that neither is passed over.
void take_share_of_global(worker& self) noexcept {
  scheduler& s = the_scheduler();
  const std::uint32_t size = s.global.size();
  if (size == 0) return;
  rt::task* taken[local_queue_capacity / 2];
  const std::uint32_t room = local_queue_capacity - self.p->queue.size();
  const std::uint32_t share = std::min(size / s.processor_count + 1, local_queue_capacity / 2);
  const std::uint32_t count = s.global.pop(taken, std::min(share, room));
  for (std::uint32_t i = 0; i < count; ++i) push_last(self, *taken[i]);
}

// One look at every other processor, from a random one on.
rt::task* look_at_others(worker& self, std::int64_t now) noexcept {
  scheduler& s = the_scheduler();
  processor& p = *self.p;
  const std::uint32_t known = known_processors();
  const std::uint32_t first = rt::choose_here(known);
  for (std::uint32_t i = 0; i < known; ++i) {
    processor& victim = s.processors[(first + i) % known];
    if (&victim == &p) continue;
    std::uint32_t stolen = 0;
    if (rt::task* next = victim.queue.steal_into(p.queue, stolen)) {
      p.count.stolen.add(stolen);
      return next;
    }
    if (victim.timers.next_ns() <= now) {
      p.count.timers.add(static_cast<std::uint64_t>(victim.timers.fire_due(now)));
      if (rt::task* next = take_oldest(p)) return next;
    }
  }
  return nullptr;
}

// What the other processors had dispatched when a search began.
class activity {
 public:
  activity() noexcept : known_(known_processors()), first_(rt::choose_here(known_)) {
    count_ = std::min(known_, most);
    for (std::uint32_t i = 0; i < count_; ++i) before_[i] = other(i).count.dispatched.get();
  }

  // The front of a processor belongs to its worker, which will be free for it in a moment, unless it
  // runs a long task: then it has dispatched nothing since.
  rt::task* rob_a_stuck_one(worker& self) const noexcept {
    for (std::uint32_t i = 0; i < count_; ++i) {
      processor& victim = other(i);
      if (&victim == self.p || victim.count.dispatched.get() != before_[i]) continue;
      if (rt::task* next = victim.front.rob()) {
        self.p->count.stolen.add();
        return next;
      }
    }
    return nullptr;
  }

 private:
  processor& other(std::uint32_t i) const noexcept {
    return the_scheduler().processors[(first_ + i) % known_];
  }

  static constexpr std::uint32_t most = 64;  // more are left to those whose search begins elsewhere
  std::uint32_t known_;
  std::uint32_t first_;
  std::uint32_t count_;
  std::uint64_t before_[most];
};

rt::task* search(worker& self) noexcept {
  const activity since_start;
  const std::int64_t start = rt::now_ns();
  std::int64_t now = start;
  do {
    if (is_stopping()) return nullptr;
    if (rt::task* next = look_at_others(self, now)) return next;
    take_share_of_global(self);
    if (rt::task* next = take_oldest(*self.p)) return next;
    if (now - start > stuck_ns) {
      if (rt::task* next = since_start.rob_a_stuck_one(self)) return next;
    }
    for (int i = 0; i < 32; ++i) rt::cpu_relax();
    now = rt::now_ns();
  } while (now - start < search_ns);
  the_scheduler().quiet_until_ns.store(now + quiet_ns, std::memory_order_relaxed);
  return nullptr;
}

}  // namespace

bool is_stopping() noexcept {
  return the_scheduler().now_in.load(std::memory_order_relaxed) == phase::stopping;
}

void queue_list(worker& self, rt::task* list) noexcept {
  if (list == nullptr) return;
  while (list != nullptr) {
    rt::task* next = list->next;
    if (list->pinned_to != nullptr) {
      ready_in_place(*list);
    } else {
      list->state.store(rt::task_state::runnable, std::memory_order_relaxed);
      push_last(self, *list);
    }
    list = next;
  }
  wake_if_needed();
}

rt::task* find_runnable(worker& self) noexcept {
  if (is_stopping()) return nullptr;
  scheduler& s = the_scheduler();
  processor& p = *self.p;
  const std::int64_t now = rt::now_ns();
  note_round(p, now);
  if (p.timers.next_ns() <= now)
    p.count.timers.add(static_cast<std::uint64_t>(p.timers.fire_due(now)));
  if (known_processors() != s.processor_count) [[unlikely]]
    fire_timers_of_others(p, now);
  look_at_poller(self, now);

  // A pinned task has its turn, then the others have theirs.
  if (s.pinned_waiting.load(std::memory_order_relaxed) != 0 && !p.gave_to_pinned &&
      give_to_pinned(self))
    return nullptr;
  p.gave_to_pinned = false;
  take_share_of_global(self);
  rt::task* next = next_in_turn(p);
  if (next == nullptr && s.pinned_waiting.load(std::memory_order_relaxed) != 0 &&
      give_to_pinned(self))
    return nullptr;
  if (next == nullptr && (self.searching || s.idle.try_start_searching())) {
    self.searching = true;
    next = search(self);
  }
  if (next != nullptr && self.searching) {
    self.searching = false;
    // The last searcher: pushers that saw it have woken nobody, so it looks on their behalf.
    if (s.idle.stop_searching() && work_is_waiting()) wake_if_needed();
  }
  return next;
}

bool work_is_waiting() noexcept {
  scheduler& s = the_scheduler();
  if (!s.global.empty() || s.pinned_waiting.load(std::memory_order_relaxed) != 0) return true;
  const std::uint32_t known = known_processors();
  for (std::uint32_t i = 0; i < known; ++i)
    if (s.processors[i].has_surplus()) return true;
  return false;
}

std::int64_t earliest_timer_ns() noexcept {
  scheduler& s = the_scheduler();
  std::int64_t earliest = rt::never_ns;
  const std::uint32_t known = known_processors();
  for (std::uint32_t i = 0; i < known; ++i) {
    const std::int64_t next = s.processors[i].timers.next_ns();
    if (next < earliest) earliest = next;
  }
  return earliest;
}

}  // namespace weft::sched
