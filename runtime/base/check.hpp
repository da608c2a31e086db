// Loud failure: user misuse ends with a clear text, a broken invariant of ours with an abort.
//
// Any thread may call everything here, with or without locks held. Bottom of the house: includes
// nothing of ours. Model builds link their own definitions of the two functions.
#pragma once

namespace weft::rt {

// The user did something that has no meaning (unlock of a free mutex, negative wait_group ...).
// Prints `fatal error: <what>`, then whatever fatal_hook adds (every task), and exits with 2.
[[noreturn]] void fatal(const char* what) noexcept;

// A promise weft makes to itself does not hold. Prints the place and aborts, so that a core remains.
[[noreturn]] void check_failed(const char* condition, const char* what, const char* file,
                               int line) noexcept;

// Called once by fatal() before the exit; set by the runtime to print the tasks. May be null.
using fatal_hook_fn = void (*)() noexcept;
void set_fatal_hook(fatal_hook_fn hook) noexcept;

}  // namespace weft::rt

// Checked in every build: keep the condition cheap.
#define WEFT_CHECK(condition, what)                                       \
  (__builtin_expect(static_cast<bool>(condition), 1)                      \
       ? static_cast<void>(0)                                             \
       : ::weft::rt::check_failed(#condition, (what), __FILE__, __LINE__))

// Checked in debug builds only (option WEFT_CHECKS).
#if defined(WEFT_CHECKS) && WEFT_CHECKS
#define WEFT_DCHECK(condition, what) WEFT_CHECK(condition, what)
#else
#define WEFT_DCHECK(condition, what) static_cast<void>(sizeof(static_cast<bool>(condition)))
#endif
