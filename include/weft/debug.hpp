// What weft knows about tasks and about itself: for reports, monitoring and tests.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

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

// A place in the program. Without debug information: the function, or the module and the offset in
// it, with line 0. All empty if it is not known.
struct code_place {
  std::string function;
  std::string file;
  unsigned line = 0;
};

enum class verdict : unsigned char {
  definite,  // no task can ever run again
  possible,  // so it seems, but there are threads that weft does not know
  unknown,   // the task was only listed
};

// One task, or several that were spawned at one place and wait at one place for the same kind of
// thing.
struct task_report {
  std::vector<std::uint64_t> ids;
  std::string name;
  std::string reason;                // "chan send", "mutex lock" ..., "running", "runnable"
  std::chrono::nanoseconds since{};  // has waited; several: the longest; 0: runs
  code_place where;                  // the call that waits
  std::uint64_t spawned_by = 0;      // the task's id; 0: no task, or several
  code_place spawned;
  std::string waits_for;  // "chan#1, chan<int>, unbuffered"; empty if there is nothing to say
  std::vector<std::string> cases;  // of a select
  std::uint64_t held_by = 0;       // the task that holds the lock; 0: not known
  debug::verdict verdict = verdict::unknown;
};

// Tasks and what they wait for, sorted by id. A copy: stays true to the moment it was made in.
class WEFT_API deadlock_report {
 public:
  std::vector<task_report> tasks;

  std::string summary() const;  // one line
  std::string text() const;     // what a deadlock prints below its first line
  std::string json() const;     // an object with "summary" and "tasks"
};

}  // namespace weft::debug
