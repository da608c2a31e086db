// Where a worker looks for work.
//
// A round, every `round_ticks` dispatches and whenever the local queue is empty: read the clock, fire
// the timers that are due, look at the poller if somebody waits for a descriptor, take from the
// global queue. In between, dispatches cost nothing of that. Tasks that run long make rounds rare,
// so the number of dispatches to the next round follows the time the last ones took.
//
// Order: own timers, poller, a share of the global queue (all of that goes behind the own tasks), front,
// local queue; then, as a searcher, the other processors' queues and timers and the global queue again,
// and the fronts of those that have dispatched nothing for a while.
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
// From a processor that dispatches nothing for so long a single queued task is taken, and after more its
// front.
constexpr std::int64_t alone_ns = 1'000;
constexpr std::int64_t stuck_ns = 3'000;
// How long nobody is woken for a front after a search that was of no use.
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

// The other processors during one search, in an order that begins at a random one.
class others {
 public:
  others(worker& self, std::int64_t now) noexcept
      : self_(self), known_(known_processors()), first_(rt::choose_here(known_)) {
    for (std::uint32_t i = 0; i < known_ && i < watched; ++i)
      seen_[i] = {other(i).count.dispatched.get(), now};
  }

  // One look at every queue and every timer heap.
  rt::task* look(std::int64_t now) noexcept {
    processor& p = *self_.p;
    for (std::uint32_t i = 0; i < known_; ++i) {
      processor& victim = other(i);
      if (&victim == &p) continue;
      if (is_worth_stealing(i, victim, now)) {
        std::uint32_t stolen = 0;
        if (rt::task* next = victim.queue.steal_into(p.queue, stolen)) {
          p.count.stolen.add(stolen);
          return next;
        }
      }
      if (victim.timers.next_ns() <= now) {
        p.count.timers.add(static_cast<std::uint64_t>(victim.timers.fire_due(now)));
        if (rt::task* next = take_oldest(p)) return next;
      }
    }
    return nullptr;
  }

  // The front of a processor belongs to its worker, which will be free for it in a moment, unless it
  // runs a long task.
  rt::task* rob_a_stuck_one(std::int64_t now) noexcept {
    for (std::uint32_t i = 0; i < known_ && i < watched; ++i) {
      processor& victim = other(i);
      if (&victim == self_.p || still_ns(i, victim, now) < stuck_ns) continue;
      if (rt::task* next = victim.front.rob()) {
        self_.p->count.stolen.add();
        return next;
      }
    }
    return nullptr;
  }

 private:
  processor& other(std::uint32_t i) const noexcept {
    return the_scheduler().processors[(first_ + i) % known_];
  }

  // One that lies alone is its worker's next, unless that has been at the same task for a while. (Tasks
  // that wake each other pass through the queue one at a time and much faster; taking one of them
  // away costs both processors more than it gains.)
  bool is_worth_stealing(std::uint32_t i, const processor& victim, std::int64_t now) noexcept {
    const std::uint32_t size = victim.queue.size();
    if (size != 1 || i >= watched) return size != 0;
    return still_ns(i, victim, now) >= alone_ns;
  }

  // For how long it has been seen to dispatch nothing. Waking somebody takes long too, and does not
  // count.
  std::int64_t still_ns(std::uint32_t i, const processor& other, std::int64_t now) noexcept {
    const std::uint64_t dispatched = other.count.dispatched.get();
    if (dispatched != seen_[i].dispatched || other.is_waking.load(std::memory_order_relaxed))
      seen_[i] = {dispatched, now};
    return now - seen_[i].since_ns;
  }

  struct sight {
    std::uint64_t dispatched;
    std::int64_t since_ns;
  };
  static constexpr std::uint32_t watched = 64;  // more are left to those whose search begins elsewhere
  worker& self_;
  const std::uint32_t known_;
  const std::uint32_t first_;
  sight seen_[watched];
};

rt::task* search(worker& self) noexcept {
  const std::int64_t start = rt::now_ns();
  others all(self, start);
  if (self.awake_since_ns == 0) self.awake_since_ns = start;
  std::int64_t now = start;
  do {
    if (is_stopping()) return nullptr;
    if (rt::task* next = all.look(now)) return next;
    take_share_of_global(self);
    if (rt::task* next = take_oldest(*self.p)) return next;
    if (rt::task* next = all.rob_a_stuck_one(now)) return next;
    for (int i = 0; i < 32; ++i) rt::cpu_relax();
    now = rt::now_ns();
  } while (now - start < search_ns);
  // Woken to search nearly all the time: it was of no use.
  self.searched_ns += now - start;
  if (now - self.awake_since_ns < self.searched_ns + self.searched_ns / 8)
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
