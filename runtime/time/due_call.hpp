// Calls at a time: what after_func (and whatever else wants something done later) is made of.
//
// While any is pending there is one task, `timers`, that sleeps until the earliest and makes the
// calls that are due. It ends when nothing is pending any more, so a stopped call hides no
// deadlock, and a pending one counts as what it is: something that may wake somebody. When the
// runtime ends that task is cancelled, and what is pending is dropped.
//
// Any task may call everything, foreign threads too.
#pragma once

#include <cstdint>

#include "runtime/task/timer_node.hpp"

namespace weft::rt {

struct due_call : timer_node {
  // Constant. In the task `timers`, with no lock held; other calls wait meanwhile.
  void (*call)(due_call& self) noexcept = nullptr;  // the time has come
  void (*drop)(due_call& self) noexcept = nullptr;  // it will not come: the runtime has ended

  // Of the task `timers`, between due and called.
  due_call* next_due = nullptr;
};

// Arms it, or arms it anew. True if it was pending: then it will not be called for its old time.
// Throws what spawning a task throws; then nothing has changed.
bool set_due_call(due_call& what, std::int64_t when_ns);

// True if it was pending: then it will be neither called nor dropped. False: it was, or is about to
// be.
bool cancel_due_call(due_call& what) noexcept;

// No task runs any more, and the one that made the calls may have been left as it was: what is
// pending is forgotten without a drop.
void forget_due_calls() noexcept;
// The same where nobody can be in the middle of anything: they are dropped.
void drop_due_calls() noexcept;

}  // namespace weft::rt
