// The open interface of select: what a kind of thing (a channel, a lock, a join, a descriptor)
// brings so that it can stand in a select.
//
// select calls these functions for the task or thread that selects. `_locked` ones are called with
// lock_of() held, often together with the locks of the other cases of the same select; they run no
// code of the user and take no other lock. What select does with them is in runtime/chan/select.cpp.
#pragma once

#include <weft/detail/select_core.hpp>
#include "runtime/base/spin_lock.hpp"
#include "runtime/task/wait.hpp"
#include "runtime/task/wait_reason.hpp"

namespace weft::rt {

using select_case = weft::detail::select_case;

enum class select_poll : std::uint8_t {
  not_ready,
  done,           // the case has been done
  closed,         // it is chosen, because the thing is closed; nothing was done
  needs_operand,  // it could be done, but the operand is not prepared; nothing was done
};

struct select_ops {
  wait_reason reason;

  // The lock of the thing. Constant as long as the thing lives.
  spin_lock& (*lock_of)(void* object) noexcept;

  // A look without the lock (also called with it). May be wrong, but under the lock never says no
  // to a case that is ready.
  bool (*looks_ready)(const select_case& c) noexcept;

  // Does the case if that is possible. Whoever it ends the wait of goes into `wake`, which select
  // calls after it has unlocked.
  select_poll (*poll_locked)(select_case& c, wake_up& wake) noexcept;

  // Links the node, whose who, winner, index, cell and amount are filled in, where the thing's
  // waiters wait. Whoever ends the wait claims the node, writes the cell and the result.
  void (*enqueue_locked)(select_case& c, wait_node& node) noexcept;

  // After the wait, for every node that was enqueued: unlinks it if it still is linked.
  void (*dequeue_locked)(select_case& c, wait_node& node) noexcept;

  // May be null. After dequeue_locked, with no lock held: a waiter that leaves may let others go on,
  // or may be the last who kept the thing alive.
  void (*left)(select_case& c) noexcept = nullptr;

  // Null for things that change under their lock only. Those that also change without it (a lock
  // word with a fast path) are polled whatever looks_ready() says, and a poll that fails must see to
  // it that nothing can make the case ready until the lock is given up: so that all cases stand
  // still together. This undoes it, with the lock held, if select does not wait for the case.
  void (*thaw_locked)(select_case& c) noexcept = nullptr;
};

}  // namespace weft::rt
