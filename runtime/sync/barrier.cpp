// The core of weft::barrier. Any task or thread may call everything; all of it is under the lock.
//
// Who has arrived is who stands in the queue: a party that is cancelled is unlinked in the same
// moment and has not arrived, whatever arrived_ says until it has left. So the last party counts
// the queue, which it walks anyway.
#include <weft/barrier.hpp>

#include "runtime/base/check.hpp"
#include "runtime/base/spin_lock.hpp"
#include "runtime/sync/sync.hpp"

namespace weft::rt {
namespace {

class barrier_core {
 public:
  void arrive_and_wait(const void* pc);

 private:
  std::int64_t parties_;  // constant
  spin_lock lock_;
  // Under lock_.
  std::int64_t arrived_;  // parties that wait, and those that were cancelled and have not left yet
  wait_queue queue_;
};

void barrier_core::arrive_and_wait(const void* pc) {
  enter_blocking_call();
  lock_.lock();
  if (arrived_ + 1 < parties_ || std::int64_t{count(queue_)} + 1 < parties_) {
    ++arrived_;
    wait_node node;
    const wait_result result = wait_one(lock_, queue_, node, {wait_reason::barrier_wait, this, pc});
    if (result == wait_result::ok) return;
    {
      spin_guard guard(lock_);
      --arrived_;
    }
    throw_if_interrupted(result);
    return;
  }
  wake_list wake;
  while (const won_waiter won = take_waiter(queue_)) {
    won.node->result = wait_result::ok;
    --arrived_;
    wake.add(won);
  }
  lock_.unlock();
  wake();
}

}  // namespace
}  // namespace weft::rt

namespace weft::detail {

static_assert(sizeof(rt::barrier_core) == sizeof(barrier_storage));
static_assert(alignof(rt::barrier_core) <= alignof(barrier_storage));

void barrier_check_parties(std::ptrdiff_t parties) noexcept {
  if (parties < 1) rt::fatal("a barrier for less than one party");
}

void barrier_arrive_and_wait(barrier_storage& self) {
  std::launder(reinterpret_cast<rt::barrier_core*>(&self))
      ->arrive_and_wait(__builtin_return_address(0));
}

}  // namespace weft::detail
