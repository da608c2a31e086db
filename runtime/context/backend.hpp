// What a backend gives to context.cpp: a fresh stack image, the jump, and where a flow stands.
//
// Internal to runtime/context. backend_own.cpp and backend_boost.cpp define these, one of them is
// compiled. Both end in weft_context_returned should an entry return.
#pragma once

#include "runtime/context/context.hpp"

extern "C" [[noreturn, gnu::visibility("hidden")]] void weft_context_returned() noexcept;

namespace weft::rt::backend {

// Sets flow.sp so that a jump to it calls entry(arg) on flow.stack.
void make(context& flow, context_entry entry, void* arg) noexcept;

// Suspends `from`, continues `to`, without any other duty of a switch.
void jump(context& from, context& to) noexcept;

saved_frame frame(const context& flow) noexcept;

}  // namespace weft::rt::backend
