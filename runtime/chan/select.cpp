// select: does one of several cases, chosen at random among those that are ready, or waits for all.
//
// Three steps, each complete in itself:
//
//   1. Look at every case without a lock. If some look ready one of them is chosen, locked and done.
//      This is all that a busy select costs: one lock.
//   2. Nothing looks ready and there is an otherwise(): it may be taken only if there was a moment at
//      which no case was ready. Channels count the changes of their state (chan_head::version); when
//      every channel is observed twice, first all and then all again, and none has changed, nothing
//      was ready between the two rounds: that is the moment. The shell does the same inline when it
//      can (none_is_ready), and then this file is not asked at all.
//   3. Else lock everything, in the order of addresses, each lock once. Now all cases stand still: if
//      one is ready it is done; if none is, this is the moment for otherwise() or for a timeout that
//      has passed; else a node is enqueued on every case, under the same locks, so nothing can become
//      ready unnoticed. Then unlock, wait, and take the nodes back, each under its lock.
//
// Two selects may meet on their channels, one polling with locks held while the other waits with
// nodes enqueued. The poller claims the waiter's winner word, as any sender or receiver would; its own
// word does not exist yet, because a select enqueues nothing before it has polled everything. So a
// claim never has to claim two words at once, and a select never finds its own nodes.
//
// Operands that need work of the user's (a copy, a move into a box) are prepared before the locks are
// taken, those that were not chosen are given back after. A select that may wait prepares all; one
// that does not, only what looks ready, and starts again with a case that became ready since.
//
// Rejected: a random starting point with a cyclic scan (a ready case after many that are not would be
// chosen more often); locks held one after the other while enqueuing (a case that becomes ready
// behind the scan needs a second protocol to undo).
#include <weft/detail/select_core.hpp>

#include <algorithm>
#include <bit>
#include <functional>
#include <memory>
#include <new>
#include <vector>

#include <weft/detail/select_entry.hpp>
#include <weft/error.hpp>
#include "runtime/base/choose.hpp"
#include "runtime/chan/chan_select.hpp"
#include "runtime/task/select_case.hpp"

namespace weft::rt {
namespace {

using weft::detail::chan_recv_ops;
using weft::detail::chan_send_ops;
using weft::detail::select_plan;

constexpr int few = 16;  // cases for which everything fits on the stack

bool can_become_ready(const select_case& c) noexcept {
  return c.ops != nullptr && c.object != nullptr;
}

[[gnu::always_inline]] inline bool looks_ready(const select_case& c) noexcept {
  if (c.ops == &chan_recv_ops) return chan_recv_looks_ready(c);
  if (c.ops == &chan_send_ops) return chan_send_looks_ready(c);
  return c.ops->looks_ready(c);
}

[[gnu::always_inline]] inline select_poll poll_locked(select_case& c, wake_up& wake) noexcept {
  if (c.ops == &chan_recv_ops) return chan_recv_poll_locked(c, wake);
  if (c.ops == &chan_send_ops) return chan_send_poll_locked(c, wake);
  return c.ops->poll_locked(c, wake);
}

[[gnu::always_inline]] inline spin_lock& lock_of(const select_case& c) noexcept {
  if (c.ops == &chan_recv_ops || c.ops == &chan_send_ops) return chan_of(c).lock;
  return c.ops->lock_of(c.object);
}

void prepare(select_case& c) {
  if (c.operand == nullptr || c.is_prepared) return;
  c.operand->prepare(c);
  c.is_prepared = true;
}

// It was chosen: what finish() needs to know. A value that was sent needs no giving back.
void settle(select_case& c, bool is_closed) noexcept {
  c.is_closed = is_closed;
  if (!is_closed) c.is_prepared = false;
}

// Gives back, at the end of a select, the operands that were prepared and not sent.
class operands_guard {
 public:
  operands_guard(select_case* cases, int count) noexcept : cases_(cases), count_(count) {}
  operands_guard(const operands_guard&) = delete;
  operands_guard& operator=(const operands_guard&) = delete;
  ~operands_guard() {
    for (int i = 0; i < count_; ++i) {
      if (!cases_[i].is_prepared) continue;
      cases_[i].operand->unprepare(cases_[i]);
      cases_[i].is_prepared = false;
    }
  }

 private:
  select_case* cases_;
  int count_;
};

// Step 1, for one case that looks ready.
bool try_one(select_case& c) {
  prepare(c);
  spin_lock& lock = lock_of(c);
  wake_up wake;
  lock.lock();
  const select_poll result = poll_locked(c, wake);
  lock.unlock();
  wake();
  if (result != select_poll::done && result != select_poll::closed) return false;
  settle(c, result == select_poll::closed);
  if (c.is_prepared) operands_guard give_back(&c, 1);
  return true;
}

// Step 2. False: perhaps not, or not all cases are channels.
bool none_was_ready(const select_case* cases, int count) noexcept {
  if (count > few) return false;
  weft::detail::chan_moment moments[few];
  int channels = 0;
  for (int i = 0; i < count; ++i) {
    const select_case& c = cases[i];
    if (!can_become_ready(c)) continue;
    const bool is_recv = c.ops == &chan_recv_ops;
    if (!is_recv && c.ops != &chan_send_ops) return false;
    const chan_core& core = chan_of(c);
    moments[i] = core.observe();
    const std::uint64_t seen = moments[i].state;
    if (is_recv ? chan_head::recv_looks_ready(seen) : core.send_looks_ready(seen)) return false;
    ++channels;
  }
  if (channels < 2) return true;  // one look is one moment
  for (int i = 0; i < count; ++i) {
    const select_case& c = cases[i];
    if (!can_become_ready(c)) continue;
    if (!chan_of(c).still_at(moments[i])) return false;
  }
  return true;
}

// The memory of step 3: on the stack for few cases.
class workspace {
 public:
  explicit workspace(int count) {
    std::byte* at = small_;
    const auto n = static_cast<std::size_t>(count);
    if (count > few) {
      large_.reset(new std::byte[n * bytes_per_case]);
      at = large_.get();
    }
    nodes = reinterpret_cast<wait_node*>(at);
    places = reinterpret_cast<wait_case*>(at += n * sizeof(wait_node));
    locks = reinterpret_cast<spin_lock**>(at += n * sizeof(wait_case));
    live = reinterpret_cast<int*>(at += n * sizeof(spin_lock*));
    ready = reinterpret_cast<int*>(at + n * sizeof(int));
  }

  wait_node* nodes;   // one for each live case
  wait_case* places;  // the same, for the report
  spin_lock** locks;  // distinct, by address
  int* live;          // indices of the cases that can become ready
  int* ready;         // of those that look ready

 private:
  static constexpr std::size_t bytes_per_case =
      sizeof(wait_node) + sizeof(wait_case) + sizeof(spin_lock*) + 2 * sizeof(int);
  static_assert(alignof(wait_node) == alignof(std::uint64_t) && sizeof(wait_node) % 8 == 0 &&
                sizeof(wait_case) % 8 == 0);

  alignas(wait_node) std::byte small_[few * bytes_per_case];
  std::unique_ptr<std::byte[]> large_;
};

struct due_time {
  std::int64_t at_ns = never_ns;
  int index = -1;  // of the timeout or until that it belongs to
  bool has_come = false;
};

due_time earliest(const select_plan& plan) noexcept {
  due_time due;
  if (plan.timeout < 0 && plan.until < 0) return due;
  const std::int64_t now = now_ns();
  if (plan.timeout >= 0) {
    due.index = plan.timeout;
    due.at_ns = plan.delay_ns <= 0               ? now
                : plan.delay_ns >= never_ns - now ? never_ns
                                                  : now + plan.delay_ns;
  }
  if (plan.until >= 0 && (due.index < 0 || plan.deadline_ns < due.at_ns)) {
    due.index = plan.until;
    due.at_ns = plan.deadline_ns;
  }
  due.has_come = due.at_ns <= now;
  return due;
}

// Step 3.
class locked_select {
 public:
  locked_select(select_case* cases, int count, const select_plan& plan)
      : cases_(cases), count_(count), plan_(plan), work_(count), operands_(cases, count) {
    for (int i = 0; i < count; ++i)
      if (can_become_ready(cases[i])) work_.live[live_++] = i;
    for (int k = 0; k < live_; ++k) work_.locks[k] = &lock_of(live(k));
    keep_for_looking_again();
    std::sort(work_.locks, work_.locks + live_, std::less<>());
    lock_count_ =
        static_cast<int>(std::unique(work_.locks, work_.locks + live_) - work_.locks);
  }

  int run(const void* pc) {
    const bool may_wait = plan_.otherwise < 0;
    due_time due = may_wait ? earliest(plan_) : due_time{};
    for (;;) {
      for (int k = 0; k < live_; ++k)
        if (may_wait || looks_ready(live(k))) prepare(live(k));
      lock_all();
      wake_up wake;
      const choice chosen = poll_all_locked(wake);
      if (chosen.index < 0 && may_wait && !due.has_come) {
        const int done = wait_locked(due, pc);
        if (done != look_again) return done;
        due.has_come = due.at_ns <= now_ns();
        continue;
      }
      unlock_all();
      wake();
      if (chosen.index < 0) return may_wait ? due.index : plan_.otherwise;
      if (!chosen.needs_operand) return chosen.index;
      prepare(cases_[chosen.index]);
    }
  }

 private:
  static constexpr int look_again = -1;

  // A timer's channel becomes ready because time passes: select waits no longer than that and looks
  // again. Meanwhile it takes its nodes back, which may be all that keeps a channel alive.
  void keep_for_looking_again() {
    bool is_timed = false;
    for (int k = 0; k < live_; ++k)
      is_timed |= live(k).ops == &chan_recv_ops && chan_of(live(k)).is_timed();
    if (!is_timed) return;
    for (int k = 0; k < live_; ++k)
      if (live(k).ops == &chan_recv_ops || live(k).ops == &chan_send_ops)
        kept_.push_back(weft::detail::chan_handle::to(&chan_of(live(k))));
  }

  std::int64_t due_of_timers_locked() noexcept {
    std::int64_t due_ns = never_ns;
    for (int k = 0; k < live_; ++k)
      if (live(k).ops == &chan_recv_ops) due_ns = std::min(due_ns, chan_of(live(k)).due_locked());
    return due_ns;
  }

  struct choice {
    int index = -1;
    bool needs_operand = false;
  };

  select_case& live(int k) noexcept { return cases_[work_.live[k]]; }

  void lock_all() noexcept {
    for (int i = 0; i < lock_count_; ++i) work_.locks[i]->lock();
  }
  void unlock_all() noexcept {
    for (int i = lock_count_; i-- > 0;) work_.locks[i]->unlock();
  }

  choice poll_all_locked(wake_up& wake) noexcept {
    std::uint32_t left = 0;
    for (int k = 0; k < live_; ++k)
      if (looks_ready(live(k))) work_.ready[left++] = work_.live[k];
    while (left > 0) {
      const std::uint32_t at = left > 1 ? choose_here(left) : 0;
      const int index = work_.ready[at];
      work_.ready[at] = work_.ready[--left];
      const select_poll result = poll_locked(cases_[index], wake);
      if (result == select_poll::not_ready) continue;
      if (result == select_poll::needs_operand) return {index, true};
      settle(cases_[index], result == select_poll::closed);
      return {index, false};
    }
    return {};
  }

  // With the locks held; returns without them. The index of what was done, or look_again.
  int wait_locked(const due_time& due, const void* pc) {
    const std::int64_t until_ns =
        kept_.empty() ? due.at_ns : std::min(due.at_ns, due_of_timers_locked());
    for (int k = 0; k < live_; ++k)
      ::new (&work_.places[k]) wait_case{live(k).ops->reason, live(k).object};
    const wait_reason reason =
        count_ == 0 ? wait_reason::empty_select : wait_reason::select;
    any_wait waiting({reason, nullptr, pc}, work_.places, static_cast<std::uint32_t>(live_));
    for (int k = 0; k < live_; ++k) {
      wait_node& node = *::new (&work_.nodes[k]) wait_node;
      node.who = &waiting.who();
      node.winner = &waiting.word();
      node.cell = live(k).cell;
      node.amount = live(k).amount;
      node.index = static_cast<std::uint32_t>(k);
      live(k).ops->enqueue_locked(live(k), node);
    }
    unlock_all();
    const std::uint32_t winner = waiting.wait(until_ns);
    for (int k = 0; k < live_; ++k) {
      select_case& c = live(k);
      // Of the winner's lock this is also the wait for the end of the critical section that won.
      {
        spin_guard guard(lock_of(c));
        c.ops->dequeue_locked(c, work_.nodes[k]);
      }
      if (c.ops->left != nullptr) c.ops->left(c);
    }
    switch (winner) {
      case winner_word::timed_out: return kept_.empty() ? due.index : look_again;
      case winner_word::cancelled: throw_if_interrupted(wait_result::cancelled); break;
      case winner_word::deadlocked: throw_if_interrupted(wait_result::deadlocked); break;
      default: break;
    }
    const auto k = static_cast<int>(winner);
    if (work_.nodes[k].result == wait_result::pending) return look_again;  // a timer was set
    settle(live(k), work_.nodes[k].result == wait_result::closed);
    return work_.live[k];
  }

  select_case* const cases_;
  const int count_;
  const select_plan& plan_;
  workspace work_;
  int live_ = 0;
  int lock_count_ = 0;
  operands_guard operands_;
  std::vector<weft::detail::chan_handle> kept_;  // if there is a timer's channel among the cases
};

[[gnu::noinline]] int select_locked(select_case* cases, int count, const select_plan& plan,
                                    const void* pc) {
  return locked_select(cases, count, plan).run(pc);
}

// A random one of the bits that are set.
int random_bit(std::uint64_t bits) noexcept {
  const auto count = static_cast<std::uint32_t>(std::popcount(bits));
  if (count > 1)
    for (std::uint32_t skip = choose_here(count); skip > 0; --skip) bits &= bits - 1;
  return std::countr_zero(bits);
}

int select_from(select_case* cases, int count, const select_plan& plan, const void* pc) {
  const bool may_wait = plan.otherwise < 0;
  if (may_wait) checkpoint();
  if (count <= 64) [[likely]] {
    std::uint64_t ready = 0;
    for (int i = 0; i < count; ++i)
      if (can_become_ready(cases[i]) && looks_ready(cases[i])) ready |= std::uint64_t{1} << i;
    if (ready != 0) {
      const int chosen = random_bit(ready);
      if (try_one(cases[chosen])) return chosen;
    } else if (!may_wait && none_was_ready(cases, count)) {
      return plan.otherwise;
    }
  }
  return select_locked(cases, count, plan, pc);
}

}  // namespace
}  // namespace weft::rt

namespace weft::detail {

[[gnu::noinline]] int select_run(select_case* cases, int count, const select_plan& plan,
                                 const void* pc) {
  return rt::select_from(cases, count, plan, pc != nullptr ? pc : __builtin_return_address(0));
}

void select_two_otherwise() { throw error("a select has one otherwise() at most"); }

select_entry::~select_entry() = default;

int select_entries::append(select_entry* owned) {
  (tail_ != nullptr ? tail_->next : head_) = owned;
  tail_ = owned;
  return count_++;
}

void select_entries::remove_all() noexcept {
  while (head_ != nullptr) {
    select_entry* const gone = head_;
    head_ = gone->next;
    delete gone;
  }
  tail_ = nullptr;
  count_ = 0;
}

[[gnu::noinline]] int select_entries::run() {
  const void* pc = __builtin_return_address(0);
  select_case few_cases[rt::few];
  std::unique_ptr<select_case[]> many_cases;
  select_case* cases = few_cases;
  if (count_ > rt::few) {
    many_cases.reset(new select_case[static_cast<std::size_t>(count_)]);
    cases = many_cases.get();
  }
  select_plan plan;
  int index = 0;
  for (select_entry* e = head_; e != nullptr; e = e->next, ++index)
    e->arm(cases[index], plan, index);
  const int chosen = select_run(cases, count_, plan, pc);
  select_entry* e = head_;
  for (index = 0; index < chosen; ++index) e = e->next;
  e->finish(cases[chosen]);
  return chosen;
}

}  // namespace weft::detail
