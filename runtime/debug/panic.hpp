// An exception that left a detached task, and other ends that print every task.
#pragma once

#include "runtime/task/task.hpp"

namespace weft::rt {

// Inside the catch block: prints `panic: <type>: <what()>`, the task and all others, exits with 2.
[[noreturn]] void panic(const task& self) noexcept;

// Prints every task to stderr, for fatal().
void dump_tasks() noexcept;

}  // namespace weft::rt
