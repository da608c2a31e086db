// All live tasks as a report. Any thread, while tasks run: each task is held at the end of its wait
// while it is looked at (cancel_state).
#pragma once

#include <cstdint>

#include <weft/debug.hpp>

namespace weft::rt {

struct collect_how {
  debug::verdict verdict = debug::verdict::unknown;
  // Nothing runs and nothing can begin to: the looks need no fence.
  bool at_rest = false;
  // False when the caller may hold the spin lock of something that is waited for.
  bool ask_locks = true;
  // Left out: the task that gets a text of its own. 0: none.
  std::uint64_t without = 0;
};

debug::deadlock_report collect_tasks(const collect_how& how);

}  // namespace weft::rt
