// weft::wait_group: waits until a number of things is done.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include <weft/detail/deadline.hpp>
#include <weft/detail/export.hpp>
#include <weft/detail/opaque.hpp>
#include <weft/detail/shell.hpp>
#include <weft/detail/spawn.hpp>
#include <weft/detail/until_end.hpp>

namespace weft {

namespace detail {

using wait_group_storage = opaque<32>;
WEFT_API void wait_group_add(wait_group_storage& self, std::ptrdiff_t n) noexcept;
WEFT_API void wait_group_done(wait_group_storage& self) noexcept;
WEFT_API void wait_group_wait(wait_group_storage& self);
WEFT_API bool wait_group_wait_until(wait_group_storage& self, std::int64_t deadline_ns,
                                    rt::end_signal* under);

// In a handler: the exception ends its task without a panic (cancelled, this_task::exit).
WEFT_API bool exception_ends_task() noexcept;

template <class Closure>
struct counted_closure {
  wait_group_storage* group;
  Closure function;
  template <class... As>
  explicit counted_closure(wait_group_storage* g, As&&... args)
      : group(g), function(std::forward<As>(args)...) {}
};

template <class Closure>
void run_counted(void* slot) {
  wait_group_storage* group = nullptr;
  try {
    placed<counted_closure<Closure>> holder(slot);
    group = holder.get().group;
    static_cast<void>(holder.get().function());
  } catch (...) {
    // A panic ends the process: nobody should take it for done before that.
    if (exception_ends_task()) wait_group_done(*group);
    throw;
  }
  wait_group_done(*group);  // after the closure is gone
}

}  // namespace detail

// The count starts at zero, and wait() waits until it is zero again. What was done before done() is
// visible after wait(). A count below zero is fatal. Whoever came back from wait() may destroy it.
class wait_group {
 public:
  constexpr wait_group() noexcept = default;
  wait_group(const wait_group&) = delete;
  wait_group& operator=(const wait_group&) = delete;

  // Before the thing starts, not in it. May be negative, as several done().
  void add(std::ptrdiff_t n = 1) noexcept { detail::wait_group_add(storage_, n); }
  void done() noexcept { detail::wait_group_done(storage_); }

  // Waits for zero. Throws task_cancelled.
  [[gnu::always_inline]] void wait() {
    detail::wait_group_wait(storage_);
    detail::end_of_shell();
  }
  [[gnu::always_inline]] void wait(detail::until_end end) {
    detail::shell(detail::wait_group_wait_until(storage_, detail::never, end.signal));
  }

  // False when the time is over first.
  [[nodiscard, gnu::always_inline]] bool wait_for(detail::delay d, detail::until_end end = {}) {
    return detail::shell(detail::wait_group_wait_until(storage_, d.due_ns, end.signal));
  }
  [[nodiscard, gnu::always_inline]] bool wait_until(detail::moment when,
                                                    detail::until_end end = {}) {
    return detail::shell(detail::wait_group_wait_until(storage_, when.due_ns, end.signal));
  }

  // As weft::go, counted: add() now, done() when the task has ended and its closure is destroyed,
  // also when it was cancelled. The wait_group must live until then.
  template <class F, class... Args>
  requires std::is_invocable_v<std::decay_t<F>, std::decay_t<Args>...>
  [[gnu::always_inline]] void go(F&& f, Args&&... args) {
    using closure = detail::closure_of<F, Args...>;
    void* spawned = detail::spawn_with<detail::placed<detail::counted_closure<closure>>>(
        &detail::run_counted<closure>, &storage_, std::forward<F>(f), std::forward<Args>(args)...);
    add();
    detail::spawn_commit(spawned);
  }

 private:
  detail::wait_group_storage storage_;
};

}  // namespace weft
