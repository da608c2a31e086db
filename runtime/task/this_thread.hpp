// The one thread_local of weft: who runs on this OS thread.
//
// Always through the out-of-line accessor: compilers keep thread-local addresses in registers across
// a switch after which the task may be on another thread. Never keep what it returns across
// anything that may park.
#pragma once

#include "runtime/base/choose.hpp"
#include "runtime/task/task.hpp"

namespace weft::sched {
struct worker;
}

namespace weft::rt {

class thread_waiter;

// The wait that a task was last thrown out of, for the text when that exception is not let through.
struct interruption {
  const task* who = nullptr;
  wait_reason reason = wait_reason::none;  // none: the call had not begun to wait
  const void* pc = nullptr;
  bool by_deadlock = false;
};

struct thread_info {
  task* current = nullptr;           // the task that runs here; null on a worker's own stack
  sched::worker* worker = nullptr;   // non-null on threads of the scheduler
  thread_waiter* foreign = nullptr;  // this thread's waiter once it has waited as a thread
  bool foreign_ended = false;        // that waiter has been destroyed: the thread is about to end
  task* in_blocking = nullptr;       // the task whose blocking region runs here; current is null then
  choice_state choices{};            // random choices of this thread
  interruption thrown{};
};

thread_info& this_thread() noexcept;

inline task* current_task() noexcept { return this_thread().current; }

}  // namespace weft::rt
