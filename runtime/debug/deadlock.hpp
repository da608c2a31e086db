// What happens once the scheduler has decided that all tasks are asleep.
#pragma once

#include <cstdint>

#include <weft/options.hpp>

namespace weft::rt {

struct deadlock_verdict {
  bool definite = true;               // false: `possible deadlock`, the process goes on
  std::uint32_t unknown_threads = 0;  // OS threads that weft cannot classify
  static constexpr std::uint32_t not_counted = UINT32_MAX;  // the system does not tell
};

// Builds the report of all parked tasks and does what the handler says: prints it and ends the
// process with status 2, calls the callback, or unwinds the stuck tasks. Called by a thread that
// runs no task, while no task runs.
void handle_deadlock(const deadlock_handler& handler, const deadlock_verdict& verdict) noexcept;

}  // namespace weft::rt
