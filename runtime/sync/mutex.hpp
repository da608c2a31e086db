// The core of weft::mutex. Any task or thread may call everything.
//
// The word says who owns the lock and two things more:
//
//   owner       token of the owner (sync.hpp); 0: free
//   waiting     somebody is in the queue, so unlock has work to do. Set and cleared under lock_.
//   candidate   a waiter was woken and has not tried yet; unlock need not wake another one. Set and
//               cleared under lock_.
//
// Fast path: lock is one compare-exchange 0 -> me, unlock one me -> 0, which also checks the owner.
//
// Slow path. A waiter that was woken is not given the lock: it becomes the candidate and competes
// with whoever runs already, because a hand-over would leave the lock unused until the waiter is
// scheduled, and under contention everybody would go at that pace. If the candidate finds the lock
// taken it waits again, in front of the others. Once a waiter has waited for patience_ns, unlock
// hands the lock over to it instead (the owner in the word changes, the lock is never free), so
// nobody overtakes it any more.
//
// A select that waits for the lock has waited for ever, by its node: it is handed the lock.
//
// While a task owns the lock and holds lock_, only it can change the word.
// A waiter whose wait ended without success clears `waiting` itself if it was the last.
#pragma once

#include <cstdint>

#include "runtime/base/atomic.hpp"
#include "runtime/base/spin_lock.hpp"
#include "runtime/sync/describe.hpp"
#include "runtime/sync/sync.hpp"
#include "runtime/task/select_case.hpp"

namespace weft::rt {

class mutex_core {
 public:
  bool try_acquire(owner_token me) noexcept;

  // After try_acquire() failed. ok: the caller owns the lock.
  wait_result acquire_slow(owner_token me, const void* pc, wait_limits limits,
                           interruptible may_interrupt) noexcept;

  // Fatal if the caller is not the owner.
  void release() noexcept;

  // Release and a later acquire that cannot be interrupted, for condition_variable::wait.
  void acquire_uninterrupted(const void* pc) noexcept;

  // --- for select; see select_ops ---
  spin_lock& lock() noexcept { return lock_; }
  bool looks_free() const noexcept {
    return (word_.load(std::memory_order_relaxed) & owner_mask) == 0;
  }
  // A failure has set `waiting`, so that the owner must come for lock_ before it can unlock.
  bool poll_locked() noexcept { return acquire_or_announce_locked(caller_token(), false); }
  void thaw_locked() noexcept {
    if (!has_waiters_locked()) word_.fetch_and(~waiting, std::memory_order_relaxed);
  }
  void enqueue_locked(wait_node& node) noexcept {
    node.amount = static_cast<std::uint64_t>(for_ever_ns);
    node.cell = reinterpret_cast<void*>(caller_token());
    queue_.push_back(node);
  }
  void dequeue_locked(wait_node& node) noexcept {
    if (node.is_linked()) node.queue->unlink(node);
    thaw_locked();
  }

  mutex_info describe() noexcept;
  [[gnu::cold]] void check_unused() noexcept;

 private:
  static constexpr std::uint64_t waiting = 1;
  static constexpr std::uint64_t candidate = 2;
  static constexpr std::int64_t patience_ns = 1'000'000;
  static constexpr std::int64_t for_ever_ns = -(std::int64_t{1} << 62);

  bool acquire_or_announce_locked(owner_token me, bool is_candidate) noexcept;
  void release_slow() noexcept;
  void leave() noexcept;
  bool has_waiters_locked() const noexcept { return !returned_.empty() || !queue_.empty(); }

  atomic<std::uint64_t> word_{0};
  spin_lock lock_;

  // Under lock_. A node's amount is the time since when its waiter has waited, its cell the
  // waiter's token.
  wait_queue returned_;  // candidates that found the lock taken; before the others
  wait_queue queue_;
};

}  // namespace weft::rt
