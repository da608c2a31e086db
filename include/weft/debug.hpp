// What weft knows about tasks and about itself: for reports, monitoring and tests.
#pragma once

#include <cstdint>

#include <weft/detail/export.hpp>

namespace weft::debug {

// What the scheduler has done in the present run, summed over its processors. Each number is exact
// for a moment of its own while tasks run. All zero when no runtime runs.
struct scheduler_stats {
  std::uint64_t workers = 0;     // processors: tasks that may run at the same time
  std::uint64_t threads = 0;     // OS threads that run tasks, those in blocking regions included
  std::uint64_t live_tasks = 0;
  std::uint64_t spawned = 0;
  std::uint64_t dispatched = 0;  // switches to a task
  std::uint64_t stolen = 0;      // tasks taken from another processor
  std::uint64_t overflowed = 0;  // tasks moved to the global queue because a local one was full
  std::uint64_t wakeups = 0;     // workers woken for surplus work
  std::uint64_t parks = 0;       // times a processor went idle
  std::uint64_t polls = 0;       // looks at the poller
  std::uint64_t timers = 0;      // timers fired
};

// Any thread.
WEFT_API scheduler_stats stats() noexcept;

}  // namespace weft::debug
