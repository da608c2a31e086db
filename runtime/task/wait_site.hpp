// Where and for what somebody is parked. On the waiter's stack; read by a canceller (see
// cancel_state.hpp) and by the deadlock report, which looks when nothing runs.
#pragma once

#include <cstdint>

#include "runtime/base/spin_lock.hpp"
#include "runtime/task/wait_node.hpp"
#include "runtime/task/wait_reason.hpp"

namespace weft::rt {

// What the caller of a blocking operation knows about it.
struct wait_place {
  wait_reason reason = wait_reason::none;
  const void* object = nullptr;  // the channel, the lock ...
  const void* pc = nullptr;      // return address into the user's code
};

// One case of a wait for several things, for the report.
struct wait_case {
  wait_reason reason = wait_reason::none;
  const void* object = nullptr;
};

struct wait_site {
  wait_place place;
  std::int64_t since_ns = 0;        // coarse: the worker's last look at the clock
  bool interruptible = true;        // false while the task unwinds or re-locks
  // A wait for one thing: found linked under this lock means won.
  spin_lock* lock = nullptr;
  wait_node* node = nullptr;
  // A wait for several things, or with a deadline: the claim decides.
  winner_word* winner = nullptr;
  waiter* who = nullptr;
  bool has_deadline = false;
  const wait_case* cases = nullptr;
  std::uint32_t case_count = 0;
};

}  // namespace weft::rt
