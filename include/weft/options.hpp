// How a run behaves. An aggregate: weft::options{.workers = 4}.
#pragma once

#include <chrono>

#include <weft/detail/deadlock_handler.hpp>

namespace weft {

// What happens to tasks that remain when the main task returns.
enum class main_exit : unsigned char {
  cancel,   // they are cancelled and unwound; run() returns when they have ended
  wait,     // run() returns when they have ended by themselves
  abandon,  // their stacks are dropped as they are: no destructor runs
};

// What weft believes of OS threads that it has never seen, when all tasks are asleep.
enum class foreign_policy : unsigned char {
  may_wake,    // one of them may send something: report a possible deadlock and go on
  never_wake,  // they never touch weft: it is a deadlock
};
inline constexpr foreign_policy never_wake = foreign_policy::never_wake;

struct options {
  // Worker threads that run tasks at a time. 0: WEFT_WORKERS, else what the machine gives (affinity
  // mask and cgroup quota).
  unsigned workers = 0;
  // How long tasks may take to unwind after main has returned, before the process leaves.
  std::chrono::nanoseconds exit_grace = std::chrono::seconds(1);
  main_exit on_main_exit = main_exit::cancel;
  // Print the tasks that remained when main returned, where each was spawned and what it waited for.
  bool report_leftovers = false;
  // deadlock_action::abort, deadlock_action::unwind, or a callable taking
  // const weft::debug::deadlock_report&.
  deadlock_handler on_deadlock = {};
  foreign_policy foreign_threads = foreign_policy::may_wake;
  // Install handlers for stack overflow (SIGSEGV, SIGBUS) and SIGQUIT while run() is active. They
  // chain to what was there before. start() never installs any.
  bool signal_handlers = true;
};

}  // namespace weft
