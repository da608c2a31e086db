// What ASan, TSan and valgrind must be told about flows; nothing in a normal build without
// valgrind.
//
// Called by context.cpp and the backends only, in functions that the sanitizers do not instrument:
// an instrumented frame that the switch leaves would be closed on another flow's shadow stack.
//
//   ASan      which stack the next frames lie on, before and after each switch. A flow's last
//   switch
//             gives up its fake stack. A flow that ends has live frames that nobody returns from:
//             their red zones are cleared before the memory is somebody else's stack.
//   TSan      a fiber for each flow. A switch also says that what the one did happens before what
//   the
//             next does: true, they are the same thread, and the scheduler's own data counts on it.
//   valgrind  where stacks are, so that it tells a switch from a huge frame.
#pragma once

#include <atomic>

#include "runtime/context/context.hpp"

#if WEFT_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#if WEFT_TSAN
#include <sanitizer/tsan_interface.h>
#endif
#if defined(__has_include)
#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#define WEFT_VALGRIND 1
#endif
#endif
#ifndef WEFT_VALGRIND
#define WEFT_VALGRIND 0
#endif

// For functions on the path of a switch, the inlined ones too: gcc otherwise marks their locals.
#if WEFT_ASAN || WEFT_TSAN
#define WEFT_NO_SANITIZE __attribute__((no_sanitize("address"), no_sanitize("thread")))
#else
#define WEFT_NO_SANITIZE
#endif

namespace weft::rt::hooks {

[[gnu::always_inline]] WEFT_NO_SANITIZE inline void adopted(
    [[maybe_unused]] context& self) noexcept {
#if WEFT_TSAN
  self.fiber = __tsan_get_current_fiber();
#endif
}

inline void made([[maybe_unused]] context& flow) noexcept {
#if WEFT_TSAN
  flow.fiber = __tsan_create_fiber(0);
#endif
#if WEFT_ASAN
  flow.fake_stack = nullptr;
#endif
#if WEFT_VALGRIND
  // Asked once: the question costs as much as a switch.
  static constinit std::atomic<signed char> known{-1};
  signed char watched = known.load(std::memory_order_relaxed);
  if (watched < 0) {
    watched = RUNNING_ON_VALGRIND != 0 ? 1 : 0;
    known.store(watched, std::memory_order_relaxed);
  }
  flow.valgrind_id =
      watched != 0 ? static_cast<unsigned>(VALGRIND_STACK_REGISTER(flow.stack.lo, flow.stack.hi)) + 1
              : 0;
#endif
}

inline void destroyed([[maybe_unused]] context& flow, [[maybe_unused]] std::byte* lowest) noexcept {
#if WEFT_TSAN
  __tsan_destroy_fiber(flow.fiber);
  flow.fiber = nullptr;
#endif
#if WEFT_ASAN
  if (flow.stack.contains(lowest))
    __asan_unpoison_memory_region(lowest, static_cast<std::size_t>(flow.stack.hi - lowest));
#endif
#if WEFT_VALGRIND
  if (flow.valgrind_id != 0) VALGRIND_STACK_DEREGISTER(flow.valgrind_id - 1);
  flow.valgrind_id = 0;
#endif
}

[[gnu::always_inline]] WEFT_NO_SANITIZE inline void before_switch(
    [[maybe_unused]] context& from, [[maybe_unused]] context& to,
    [[maybe_unused]] bool last) noexcept {
#if WEFT_ASAN
  __sanitizer_start_switch_fiber(last ? nullptr : &from.fake_stack, to.stack.lo, to.stack.size());
#endif
#if WEFT_TSAN
  __tsan_switch_to_fiber(to.fiber, 0);
#endif
}

[[gnu::always_inline]] WEFT_NO_SANITIZE inline void after_switch(
    [[maybe_unused]] context& self) noexcept {
#if WEFT_ASAN
  __sanitizer_finish_switch_fiber(self.fake_stack, nullptr, nullptr);
#endif
}

[[gnu::always_inline]] WEFT_NO_SANITIZE inline void begun() noexcept {
#if WEFT_ASAN
  __sanitizer_finish_switch_fiber(nullptr, nullptr, nullptr);
#endif
}

}  // namespace weft::rt::hooks
