// The core of weft::once. Any task or thread may call everything.
//
//   fresh     nobody runs it. begin() moves it to running.
//   running   `owner_` runs it; others wait in the queue. end() moves it to done, or after a throw
//             hands it to the first in the queue, else back to fresh.
//   done      for ever; read without the lock by the inlined part of call().
//
// All moves are under lock_. A once may be destroyed when every call has returned.
#include <weft/once.hpp>

#include "runtime/base/atomic.hpp"
#include "runtime/base/spin_lock.hpp"
#include "runtime/sync/sync.hpp"

namespace weft::rt {

using detail::once_turn;

namespace {

class once_core {
 public:
  // ours: the caller runs it now, and calls end().
  once_turn begin(const void* pc, std::int64_t deadline_ns);
  void end(bool happened) noexcept;

 private:
  enum state : std::uint32_t { fresh, running, done };
  static_assert(done == detail::once_done);

  atomic<std::uint32_t> state_;
  spin_lock lock_;
  // Under lock_.
  owner_token owner_;
  wait_queue queue_;  // a node's amount is its token, its cell is set when it is its turn
};

once_turn once_core::begin(const void* pc, std::int64_t deadline_ns) {
  const owner_token me = enter_blocking_call();
  lock_.lock();
  if (state_.load(std::memory_order_relaxed) == done) {
    lock_.unlock();
    return once_turn::happened;
  }
  if (state_.load(std::memory_order_relaxed) == running) {
    wait_node node;
    node.amount = me;
    const wait_result result = wait_one_until(lock_, queue_, node,
                                              {wait_reason::once_call, this, pc}, deadline_ns);
    throw_if_interrupted(result);
    if (result == wait_result::timed_out) return once_turn::timed_out;
    return node.cell != nullptr ? once_turn::ours : once_turn::happened;
  }
  state_.store(running, std::memory_order_relaxed);
  owner_ = me;
  lock_.unlock();
  return once_turn::ours;
}

void once_core::end(bool happened) noexcept {
  wake_list wake;
  {
    spin_guard guard(lock_);
    if (happened) {
      // Pairs with once::is_done(). Who sees it may not destroy us before this call has returned.
      state_.store(done, WEFT_ORDER("once.done", std::memory_order_release));
      owner_ = 0;
      while (const won_waiter won = take_waiter(queue_)) {
        won.node->result = wait_result::ok;
        wake.add(won);
      }
    } else if (const won_waiter won = take_waiter(queue_)) {
      won.node->cell = this;
      won.node->result = wait_result::ok;
      owner_ = won.node->amount;
      wake.add(won);
    } else {
      owner_ = 0;
      state_.store(fresh, std::memory_order_relaxed);
    }
  }
  wake();
}

}  // namespace
}  // namespace weft::rt

namespace weft::detail {

#if !defined(WEFT_MODEL)  // see core_of() in sync.hpp
static_assert(sizeof(rt::once_core) == sizeof(once_storage));
static_assert(alignof(rt::once_core) <= alignof(once_storage));
#endif

namespace {
rt::once_core& core_of(once_storage& storage) noexcept {
  return *std::launder(reinterpret_cast<rt::once_core*>(&storage));
}
}  // namespace

once_turn once_begin(once_storage& self, std::int64_t deadline_ns) {
  return core_of(self).begin(__builtin_return_address(0), deadline_ns);
}

void once_end(once_storage& self, bool happened) noexcept {
  core_of(self).end(happened);
}

}  // namespace weft::detail
