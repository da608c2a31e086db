// Tells a stack overflow from any other crash: SIGSEGV and SIGBUS on an alternate signal stack.
//
// install and uninstall: any thread, not concurrently; only when the user did not refuse handlers.
// overflow_thread_enter and _leave: by each OS thread that runs tasks, on its own native stack.
// A fault whose address lies in a guard of ours, or that happens with the stack pointer there, is
// passed to the handler; every other one goes to whoever had the signals before, or kills the
// process as if nobody had looked.
#pragma once

#include "runtime/base/stack_span.hpp"

namespace weft::rt {

// Runs in the signal handler: async-signal-safe calls only. It should not return; if it does, the
// process dies of the signal.
using overflow_handler = void (*)(stack_span stack, void* fault_address, void* pc);

// False, with errno, when the system refuses. A second install replaces the handler.
bool overflow_install(overflow_handler handler) noexcept;
// Gives the signals back, unless somebody else has taken them since.
void overflow_uninstall() noexcept;

// An alternate signal stack for the calling thread, if it has none that is large enough. A thread
// that cannot get one goes without.
void overflow_thread_enter() noexcept;
void overflow_thread_leave() noexcept;

}  // namespace weft::rt
