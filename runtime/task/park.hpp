// THE SEAM between what a task is (runtime/) and who runs it (scheduler/).
//
// Declared here, defined by whatever is linked: the scheduler, or the single-threaded stand-in of
// the tests. Everything that waits goes through wait.hpp, which is built on these.
// All functions may be called by tasks; those that foreign threads may call say so.
#pragma once

#include <cstddef>
#include <cstdint>

#include "runtime/base/spin_lock.hpp"
#include "runtime/task/outside_event.hpp"
#include "runtime/task/task.hpp"
#include "runtime/task/this_thread.hpp"
#include "runtime/task/timer_node.hpp"
#include "runtime/task/winner.hpp"

namespace weft::rt {

// --- waiting ---

// Leaves the running task parked; `held` is released on the next stack, so that whoever takes the
// lock finds the task off its stack. Returns after ready_task(self), perhaps on another thread.
void park_task(task& self, spin_lock& held) noexcept;

// The same for a wait with a winner word: parks unless somebody has won by then.
void park_task_any(task& self, winner_word& word) noexcept;

// Makes a parked task runnable, exactly once a park. Any thread, foreign ones too.
void ready_task(task& parked) noexcept;

// Lets other tasks run first; the running task stays runnable.
void yield_task(task& self) noexcept;

// From the first pin to the last unpin the task stays on the OS thread that it is on, also inside
// its blocking regions. Nests.
void pin_task(task& self) noexcept;
void unpin_task(task& self) noexcept;

// --- life ---

// A task that is not runnable yet: record filled in, room for a closure of that size below it.
// Throws std::system_error when no stack is to be had, weft::error when no runtime runs.
// Foreign threads too.
task& allocate_task(std::size_t closure_size, std::size_t closure_align, const void* spawn_pc);
void start_task(task& fresh) noexcept;
void discard_task(task& fresh) noexcept;  // instead of start_task()

// --- time ---

// Arms in the heap of the running processor; fires at `when_ns` or soon after. Tasks only.
void arm_timer(timer_node& timer, std::int64_t when_ns) noexcept;

// True if it had not fired; afterwards it does not fire and is not looked at. Any thread.
bool disarm_timer(timer_node& timer) noexcept;

// A recent time, at most a scheduling round old: for "waiting since".
std::int64_t coarse_now_ns() noexcept;

// --- what else can wake a task (for the deadlock decision) ---

// Around a call that may block the OS thread: other tasks go on on another thread.
void enter_blocking(task& self) noexcept;
void leave_blocking(task& self) noexcept;

// A wait for a descriptor begins / has ended. Called by the waiting task itself, the end only after
// it runs again: a task that is counted away is already running.
void io_wait_begin() noexcept;
void io_wait_end() noexcept;

// Something outside can wake tasks, or no more. Any thread.
void note_outside(outside_event event) noexcept;

// A random number below bound, for choices of this thread (select's order). Foreign threads too.
std::uint32_t choose_here(std::uint32_t bound) noexcept;

}  // namespace weft::rt
