// A flow's life: adopt, make, leave, destroy; and the switch where it is not inlined.
#include "runtime/context/context.hpp"

#include <cxxabi.h>
#include <pthread.h>

#include <cerrno>

#include "runtime/context/backend.hpp"
#include "runtime/context/sanitizer_hooks.hpp"
#if defined(WEFT_SWITCH_BOOST)
#include "runtime/context/jump_boost.hpp"
#endif

extern "C" void weft_context_returned() noexcept {
  weft::rt::check_failed("entry does not return", "the entry of a flow returned", __FILE__,
                         __LINE__);
}

namespace weft::rt {
namespace {

static_assert(!WEFT_CONTEXT_INLINE || sizeof(context) == 64, "the hot part of a task: one line");

// Suspends `from`, continues `to`, in the frame of the caller.
[[gnu::always_inline]] WEFT_NO_SANITIZE inline void jump(context& from, context& to) noexcept {
#if defined(WEFT_SWITCH_OWN)
  suspended_frame here;
  from.sp = &here;
  jump_own(&here, static_cast<suspended_frame*>(to.sp));
#else
  jump_boost(from, to);
#endif
  from.sp = nullptr;
}

// Of the calling thread. Out of line, so that no caller can keep either address across a switch.
[[gnu::noinline]] exception_state* thread_exceptions() noexcept {
  return reinterpret_cast<exception_state*>(abi::__cxa_get_globals());
}
[[gnu::noinline]] int* thread_errno() noexcept {
  return &errno;
}

// The native stack's bounds; empty if the system does not tell, which only ASan minds.
stack_span native_stack() noexcept {
  stack_span found;
#if defined(__GLIBC__) || defined(__linux__)
  const int error = errno;
  pthread_attr_t attributes;
  if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
    void* lowest = nullptr;
    std::size_t bytes = 0;
    if (pthread_attr_getstack(&attributes, &lowest, &bytes) == 0)
      found = {static_cast<std::byte*>(lowest), static_cast<std::byte*>(lowest) + bytes};
    pthread_attr_destroy(&attributes);
  }
  errno = error;
#endif
  return found;
}

}  // namespace

void context_adopt(context& self) noexcept {
  self = context{};
  self.thread_exceptions = thread_exceptions();
  self.thread_errno = thread_errno();
  self.stack = native_stack();
  hooks::adopted(self);
}

void context_abandon(context& self) noexcept {
  WEFT_CHECK(self.thread_errno == thread_errno(), "a context is abandoned on another thread");
  self = context{};
}

void context_make(context& flow, stack_span stack, context_entry entry, void* arg) noexcept {
  flow = context{};
  flow.stack = stack;
  flow.fp_modes = fp_modes();
  backend::make(flow, entry, arg);
  hooks::made(flow);
}

void context_destroy(context& flow) noexcept {
  hooks::destroyed(flow, backend::lowest(flow));
  flow.sp = nullptr;
}

saved_frame context_frame(const context& flow) noexcept {
  return backend::frame(flow);
}

#if !WEFT_CONTEXT_INLINE
[[gnu::noinline]] WEFT_NO_SANITIZE void context_switch(context& from, context& to) noexcept {
  WEFT_DCHECK(&from != &to && to.sp != nullptr, "switch to a flow that is not suspended");
  context_hand_over(from, to);
  hooks::before_switch(from, to, false);
  jump(from, to);
  hooks::after_switch(from);
}
#endif

[[gnu::noinline]] WEFT_NO_SANITIZE void context_leave(context& from, context& to) noexcept {
  WEFT_DCHECK(from.thread_exceptions->caught == nullptr, "a flow ends inside a catch block");
  context_hand_over(from, to);
  hooks::before_switch(from, to, true);
  jump(from, to);
  check_failed("does not continue", "a flow that has ended was resumed", __FILE__, __LINE__);
}

}  // namespace weft::rt
