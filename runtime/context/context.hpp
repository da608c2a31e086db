// The one place that switches stacks, with every duty of a switch.
//
// A context is a flow of control on a stack of its own: a task's, or the native stack of an OS
// thread (context_adopt). A flow runs on one thread at a time and may continue on another one.
// context_switch is called by the flow that is `from`; everything else says who may call it. The
// caller orders memory: whoever resumes a flow must have seen what the thread that suspended it
// wrote, and a flow must not be published as resumable before its context_switch has left its
// stack, so that is done by the flow that runs next.
//
// Duties, all done before the jump, so that after it nothing depends on the thread and no
// thread-local address that a compiler kept in a register can be wrong here:
//  - exception state (caught exceptions, number of uncaught ones) and errno belong to the flow.
//  Both
//    live in thread-local storage; they are saved and loaded through addresses that the running
//    flow knows because the flow that ran before it on this thread handed them over.
//  - floating-point control modes (rounding, masks, flush to zero). Sticky flags are not preserved.
//  - ASan, TSan and valgrind are told (sanitizer_hooks.hpp).
// The jump itself is our own (WEFT_SWITCH_OWN: x86-64 and aarch64, jump_own.hpp) or Boost.Context's
// (WEFT_SWITCH_BOOST: portable, jump_boost.hpp).
//
// A fresh flow starts with no exception in flight, errno 0, and the floating-point modes of the
// flow that called context_make: what std::thread does. An exception that leaves its entry is
// std::terminate at the throw, with the stack still there.
//
// What this cannot do for its callers: a compiler may keep `&errno` or the address of a
// thread_local across context_switch. Read thread-locals through functions that are not inlined.
//
// Rejected: fetching the thread's addresses from thread-local storage at each switch (two calls
// through the PLT, more than the switch itself).
#pragma once

#include <cstddef>
#include <cstdint>

#include "runtime/base/check.hpp"
#include "runtime/base/sanitizer.hpp"
#include "runtime/base/stack_span.hpp"
#include "runtime/context/fp_modes.hpp"
#if defined(WEFT_SWITCH_OWN)
#include "runtime/context/jump_own.hpp"
#endif

#if !defined(WEFT_SWITCH_OWN) && !defined(WEFT_SWITCH_BOOST)
#error "define WEFT_SWITCH_OWN or WEFT_SWITCH_BOOST"
#endif
#if defined(WEFT_SWITCH_OWN) && !defined(__x86_64__) && !defined(__aarch64__)
#error "our own switch knows x86-64 and aarch64 only: use the Boost.Context backend"
#endif

// The short switch is inlined into its callers. Sanitizers need it out of line, in a function that
// they do not instrument, and so does Boost.Context.
#if defined(WEFT_SWITCH_OWN) && !WEFT_ASAN && !WEFT_TSAN
#define WEFT_CONTEXT_INLINE 1
#else
#define WEFT_CONTEXT_INLINE 0
#endif

namespace weft::rt {

// Must not return: its last act is context_leave.
using context_entry = void (*)(void* arg);

// The C++ runtime's per-thread exception state (__cxa_eh_globals, whose layout the ABI fixes).
struct [[gnu::may_alias]] exception_state {
  void* caught;
  unsigned int uncaught;
};

// Where a suspended flow will continue: where an unwinder that follows frame pointers starts.
struct saved_frame {
  void* pc = nullptr;
  void* sp = nullptr;
  void* fp = nullptr;
};

// One cache line. While the flow runs only that flow touches it; while it is suspended, only who
// has the right to resume it.
struct alignas(64) context {
  // Valid while suspended; null while running.
  void* sp = nullptr;  // own backend: its suspended_frame; Boost: its fcontext_t
  void* caught = nullptr;
  unsigned int uncaught = 0;
  int error = 0;

  // Valid while running: where the OS thread that runs this flow keeps its state.
  exception_state* thread_exceptions = nullptr;
  int* thread_errno = nullptr;

  // Constant from context_make or context_adopt on.
  stack_span stack;
  unsigned int valgrind_id = 0;

  // Valid while suspended.
  std::uint32_t fp_modes = 0;

#if defined(WEFT_SWITCH_BOOST)
  context_entry entry = nullptr;
  void* arg = nullptr;
  saved_frame frame;
#endif
#if WEFT_ASAN
  void* fake_stack = nullptr;
#endif
#if WEFT_TSAN
  void* fiber = nullptr;
#endif
};

// The calling thread's own stack becomes a context, the one that runs. Any thread, as often as it
// likes; context_abandon on the same thread, on that stack, before the thread ends.
void context_adopt(context& self) noexcept;
void context_abandon(context& self) noexcept;

// A fresh flow on `stack`, suspended before its entry. Its first frame is at stack.hi rounded down
// to 16, so a record may lie directly above. Any thread. `flow` may have been used before and
// destroyed.
void context_make(context& flow, stack_span stack, context_entry entry, void* arg) noexcept;

// After its last switch, or of a flow that never ran or will never be resumed; called from another
// flow. Afterwards the stack may be used for something else.
void context_destroy(context& flow) noexcept;

// Of a suspended flow.
saved_frame context_frame(const context& flow) noexcept;

// The part of a switch that needs the thread; part of context_switch, not for others.
[[gnu::always_inline]] inline void context_hand_over(context& from, context& to) noexcept {
  exception_state* const exceptions = from.thread_exceptions;
  int* const error = from.thread_errno;
  from.caught = exceptions->caught;
  from.uncaught = exceptions->uncaught;
  from.error = *error;
  exceptions->caught = to.caught;
  exceptions->uncaught = to.uncaught;
  *error = to.error;
  to.thread_exceptions = exceptions;
  to.thread_errno = error;
  from.fp_modes = fp_modes();
  if (from.fp_modes != to.fp_modes) [[unlikely]]
    load_fp_modes(to.fp_modes);
}

// The running flow is suspended as `from`, `to` continues; returns when somebody switches to `from`
// again, perhaps on another thread. from and to differ.
#if WEFT_CONTEXT_INLINE
[[gnu::always_inline]] inline void context_switch(context& from, context& to) noexcept {
  WEFT_DCHECK(&from != &to && to.sp != nullptr, "switch to a flow that is not suspended");
  suspended_frame here;
  from.sp = &here;
  context_hand_over(from, to);
  jump_own(&here, static_cast<suspended_frame*>(to.sp));
  from.sp = nullptr;
}
#else
void context_switch(context& from, context& to) noexcept;
#endif

// The last switch of `from`, whose sanitizer state is given up.
[[noreturn]] void context_leave(context& from, context& to) noexcept;

}  // namespace weft::rt
