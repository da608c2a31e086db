// The core of weft::barrier. Any task or thread may call everything; all of it is under the lock.
//
// Who has arrived is who stands in the queue: a party that is cancelled is unlinked in the same
// moment and has not arrived, whatever arrived_ says until it has left. So the last party counts
// the queue, which it walks anyway. A party under a context or with a deadline stands in the queue until
// it has found the lock: if the round is complete by then it has arrived, although its wait was ended.
#include <weft/barrier.hpp>

#include "runtime/base/check.hpp"
#include "runtime/base/spin_lock.hpp"
#include "runtime/sync/sync.hpp"

namespace weft::rt {
namespace {

class barrier_core {
 public:
  // False: the deadline came first.
  bool arrive_and_wait(const void* pc, wait_limits limits);

 private:
  wait_result wait_limited(const wait_place& place, wait_limits limits) noexcept;

  std::int64_t parties_;  // constant
  spin_lock lock_;
  // Under lock_.
  std::int64_t arrived_;  // parties that wait, and those that were cancelled and have not left yet
  wait_queue queue_;
};

wait_result barrier_core::wait_limited(const wait_place& place, wait_limits limits) noexcept {
  any_wait wait(place, nullptr, 0);
  wait_node node;
  node.who = &wait.who();
  node.winner = &wait.word();
  queue_.push_back(node);
  lock_.unlock();
  const std::uint32_t winner = wait.wait(limits);
  if (winner < winner_word::max_cases) return wait_result::ok;
  spin_guard guard(lock_);
  if (!node.is_linked()) return wait_result::ok;
  queue_.unlink(node);
  return winner == winner_word::cancelled    ? wait_result::cancelled
         : winner == winner_word::deadlocked ? wait_result::deadlocked
         : winner == winner_word::timed_out  ? wait_result::timed_out
                                             : wait_result::ended;
}

bool barrier_core::arrive_and_wait(const void* pc, wait_limits limits) {
  enter_blocking_call(limits.under);
  lock_.lock();
  if (arrived_ + 1 < parties_ || std::int64_t{count(queue_)} + 1 < parties_) {
    ++arrived_;
    const wait_place place{wait_reason::barrier_wait, this, pc};
    wait_node node;
    const wait_result result = limits.is_none() ? wait_one(lock_, queue_, node, place)
                                                : wait_limited(place, limits);
    if (result == wait_result::ok) return true;
    {
      spin_guard guard(lock_);
      --arrived_;
    }
    throw_if_interrupted(result, limits.under);
    return false;
  }
  wake_list wake;
  while (!queue_.empty()) {
    // A party with limits that has not parked may go on as soon as it is won.
    if (queue_.head->winner == nullptr) queue_.head->result = wait_result::ok;
    const won_waiter won = take_head(queue_);
    --arrived_;
    // One that is not won is on its way to the lock; it has arrived all the same.
    if (won) wake.add(won);
  }
  lock_.unlock();
  wake();
  return true;
}

}  // namespace
}  // namespace weft::rt

namespace weft::detail {

static_assert(sizeof(rt::barrier_core) == sizeof(barrier_storage));
static_assert(alignof(rt::barrier_core) <= alignof(barrier_storage));

void barrier_check_parties(std::ptrdiff_t parties) noexcept {
  if (parties < 1) rt::fatal("a barrier for less than one party");
}

bool barrier_arrive_and_wait(barrier_storage& self, std::int64_t deadline_ns,
                             rt::end_signal* under) {
  return std::launder(reinterpret_cast<rt::barrier_core*>(&self))
      ->arrive_and_wait(__builtin_return_address(0), {deadline_ns, under});
}

}  // namespace weft::detail
