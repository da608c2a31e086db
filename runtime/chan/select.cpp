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
// A lock or a semaphore has a fast path that does not take its spin lock; such a thing is held still by
// the poll that fails (select_ops::thaw_locked), and let go if no node is enqueued.
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

#include <bit>
#include <exception>
#include <memory>

#include <weft/detail/select_entry.hpp>
#include <weft/error.hpp>
#include "runtime/chan/select_steps.hpp"

namespace weft::rt::selecting {
namespace {

// Step 1, for one case that looks ready.
bool try_one(select_case& c, const select_plan& plan) {
  select_operands operand(&c, 1, plan);  // given back if it is not sent, also to be prepared anew
  prepare(c);
  spin_lock& lock = lock_of(c);
  wake_up wake;
  lock.lock();
  const select_poll result = poll_locked(c, wake);
  thaw_locked(c);
  lock.unlock();
  wake();
  if (result != select_poll::done && result != select_poll::closed) return false;
  operand.settle(c, result == select_poll::closed);
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

// A random one of the bits that are set.
int random_bit(std::uint64_t bits) noexcept {
  const auto count = static_cast<std::uint32_t>(std::popcount(bits));
  if (count > 1)
    for (std::uint32_t skip = choose_here(count); skip > 0; --skip) bits &= bits - 1;
  return std::countr_zero(bits);
}

int select_from(select_case* cases, int count, const select_plan& plan, const void* pc) {
  const bool may_wait = plan.otherwise < 0;
  may_wait ? checkpoint() : note_caller();
  if (count <= 64) [[likely]] {
    std::uint64_t ready = 0;
    for (int i = 0; i < count; ++i)
      if (can_become_ready(cases[i]) && looks_ready(cases[i])) ready |= std::uint64_t{1} << i;
    if (ready != 0) {
      const int chosen = random_bit(ready);
      if (try_one(cases[chosen], plan)) return chosen;
    } else if (!may_wait && none_was_ready(cases, count)) {
      return plan.otherwise;
    }
  }
  return select_locked(cases, count, plan, pc);
}

}  // namespace
}  // namespace weft::rt::selecting

namespace weft::detail {

[[gnu::noinline]] int select_run(select_case* cases, int count, const select_plan& plan,
                                 const void* pc) {
  return rt::selecting::select_from(cases, count, plan, pc != nullptr ? pc : __builtin_return_address(0));
}

void select_two_otherwise() { throw error("a select has one otherwise() at most"); }

void select_plan::rethrow_lost() const { std::rethrow_exception(*static_cast<std::exception_ptr*>(lost)); }

void select_plan::forget_lost() const noexcept { delete static_cast<std::exception_ptr*>(lost); }

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

[[gnu::noinline]] int select_entries::run(rt::end_signal* under) {
  const void* pc = __builtin_return_address(0);
  select_case few_cases[rt::selecting::few];
  std::unique_ptr<select_case[]> many_cases;
  select_case* cases = few_cases;
  if (count_ > rt::selecting::few) {
    many_cases.reset(new select_case[static_cast<std::size_t>(count_)]);
    cases = many_cases.get();
  }
  select_plan plan;
  plan.under = under;
  int index = 0;
  for (select_entry* e = head_; e != nullptr; e = e->next, ++index)
    e->arm(cases[index], plan, index);
  if (plan.otherwise < 0) rt::check_end(under);
  const int chosen = select_run(cases, count_, plan, pc);
  select_entry* e = head_;
  for (index = 0; index < chosen; ++index) e = e->next;
  e->finish(cases[chosen]);
  if (plan.lost != nullptr) [[unlikely]]
    plan.rethrow_lost();
  return chosen;
}

}  // namespace weft::detail
