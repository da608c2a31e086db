// A counted function that is called in a task of its own: what timer and context's after_func share.
//
// References: each handle's, one while it is pending, one of each task that runs it.
#pragma once

#include <new>

#include <weft/detail/func_timer.hpp>
#include "runtime/base/atomic.hpp"
#include "runtime/time/due_call.hpp"

namespace weft::rt {

using weft::detail::func_timer;

struct func_timer_core : due_call {
  atomic<std::uint32_t> refs{1};  // any thread; who takes it to zero destroys
  const void* made_at = nullptr;  // constant; in the user's code

  static func_timer_core& of(func_timer& timer) noexcept {
    static_assert(sizeof(func_timer_core) <= sizeof timer.rest);
    return *std::launder(reinterpret_cast<func_timer_core*>(timer.rest.bytes));
  }
};

void retain_function(func_timer& timer) noexcept;
void release_function(func_timer& timer) noexcept;

// Starts a task that calls it and then gives one reference back. Throws what spawning a task throws.
void start_function(func_timer& timer);

}  // namespace weft::rt
