// What a backend gives to context.cpp besides its jump: a fresh stack image, and where a flow
// stands.
//
// Internal to runtime/context. backend_own.cpp and backend_boost.cpp define these; one of them is
// compiled.
#pragma once

#include "runtime/context/context.hpp"

// Where an entry that returns ends up.
extern "C" [[noreturn, gnu::visibility("hidden")]] void weft_context_returned() noexcept;

namespace weft::rt::backend {

// Sets flow.sp so that a jump to it calls entry(arg) on flow.stack.
void make(context& flow, context_entry entry, void* arg) noexcept;

// Of a suspended flow.
saved_frame frame(const context& flow) noexcept;

// The lowest byte of its stack that a suspended flow uses.
std::byte* lowest(const context& flow) noexcept;

}  // namespace weft::rt::backend
