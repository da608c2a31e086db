// weft::group: tasks that belong together. Nothing outlives its group.
//
//   weft::group g;
//   for (auto& item : items) g.go([&] { work(item); });
//   g.wait();                                     // rethrows the first exception
//
// Any task and any plain thread, which then blocks; go() needs a runtime.
#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>

#include <weft/context.hpp>
#include <weft/detail/export.hpp>
#include <weft/detail/shell.hpp>
#include <weft/detail/spawn.hpp>

namespace weft {

namespace detail {

// The right to run one more task of the group: waits for it, gives it back if nothing was started.
class WEFT_API group_slot {
 public:
  explicit group_slot(const context& of);
  group_slot(const group_slot&) = delete;
  group_slot& operator=(const group_slot&) = delete;
  ~group_slot();
  void start(void* spawned) noexcept;

 private:
  rt::end_signal* group_;
};

// In the task: calls it and destroys it, as a member of the group.
WEFT_API void group_run(void* closure, void (*call)(void* closure)) noexcept;

template <class Closure>
void run_member(void* slot) {
  group_run(slot, &run_detached<Closure>);
}

}  // namespace detail

class WEFT_API group {
 public:
  // Its context ends with the parent's.
  explicit group(const weft::context& parent = {});
  group(const group&) = delete;
  group& operator=(const group&) = delete;
  // Ends the context and waits for the tasks; not interrupted.
  ~group();

  // As weft::go, in a task of the group. Waits while limit() tasks run; then throws task_cancelled.
  // The first exception that leaves one ends the context with it as the cause.
  template <class F, class... Args>
    requires std::is_invocable_v<std::decay_t<F>, std::decay_t<Args>...>
  [[gnu::always_inline]] void go(F&& f, Args&&... args) {
    using closure = detail::closure_of<F, Args...>;
    detail::group_slot slot(context_);
    slot.start(detail::spawn_with<detail::placed<closure>>(
        &detail::run_member<closure>, std::forward<F>(f), std::forward<Args>(args)...));
  }

  // Waits until no task of the group is left. Rethrows the first exception of one, once; if there was
  // none but the context has ended and cut one short, throws as a wait under the context would.
  void wait(detail::until_end end = {});

  // How many tasks may run at a time; a negative number: any (as in the beginning).
  void limit(std::ptrdiff_t most) noexcept;

  // When it ends the tasks are cancelled. It is what this_task::context() is in them.
  const weft::context& context() const noexcept { return context_; }

 private:
  weft::context context_;
};

}  // namespace weft
