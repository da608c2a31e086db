// Tasks: go, spawn and their handle, this_task.
#pragma once

#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>

#include <weft/detail/export.hpp>
#include <weft/detail/join_state.hpp>
#include <weft/detail/spawn.hpp>
#include <weft/error.hpp>

namespace weft {

// Runs f(args...) as a task of its own. f and args are decay-copied here, in the caller; move-only
// ones too. Does not wait. Any thread, while a runtime runs (else weft::error); std::system_error if
// there is no memory for a stack. An exception that leaves f is fatal: panic, exit status 2.
template <class F, class... Args>
  requires std::is_invocable_v<std::decay_t<F>, std::decay_t<Args>...>
[[gnu::always_inline]] inline void go(F&& f, Args&&... args) {
  using closure = detail::closure_of<F, Args...>;
  detail::spawn_commit(detail::spawn_with<detail::placed<closure>>(
      &detail::run_detached<closure>, std::forward<F>(f), std::forward<Args>(args)...));
}

namespace detail {
struct spawn_key {
  explicit spawn_key() = default;
};
struct task_access {
  static join_base* state(const auto& of) noexcept { return of.state_; }
};
}  // namespace detail

// The handle of a task that yields an R. Movable; like std::jthread its destructor cancels the task
// and waits for it. One thread at a time uses a handle.
template <class R>
class [[nodiscard]] task {
 public:
  task() noexcept = default;
  task(task&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
  task& operator=(task&& other) noexcept {
    if (this != &other) {
      end();
      state_ = std::exchange(other.state_, nullptr);
    }
    return *this;
  }
  ~task() { end(); }

  bool joinable() const noexcept { return state_ != nullptr; }

  // Waits for the end of the task; returns its result or rethrows its exception. Throws task_ended
  // if it was cancelled or exited, weft::error if there is nothing to join. Afterwards not joinable,
  // unless the wait itself was ended.
  [[gnu::always_inline]] R join(detail::until_end end = {}) {
    if (state_ == nullptr) throw error("weft::task::join: nothing to join (moved from, joined or detached)");
    end.signal ? detail::join_wait(*state_, end.signal) : detail::join_wait(*state_);
    struct release {
      detail::join_state<R>* state;
      ~release() { detail::join_release(state); }
    } guard{std::exchange(state_, nullptr)};
    if (guard.state->error) std::rethrow_exception(std::move(guard.state->error));
    if (guard.state->ended_early) detail::join_throw_ended();
    return guard.state->take();
  }

  // The task goes on by itself; its result is dropped. An exception that leaves it later is fatal, as
  // with go; one that has left it already is dropped too.
  void detach() noexcept {
    if (state_ != nullptr) detail::join_release(std::exchange(state_, nullptr));
  }

  // Its present and later blocking calls throw task_cancelled. Does not wait.
  void cancel() noexcept {
    if (state_ != nullptr) detail::join_cancel(*state_);
  }

  // 0 if there is none.
  std::uint64_t id() const noexcept { return state_ != nullptr ? detail::join_task_id(*state_) : 0; }

  // For spawn().
  explicit task(detail::join_state<R>* state, detail::spawn_key) noexcept : state_(state) {}

 private:
  friend detail::task_access;
  void end() noexcept {
    if (state_ == nullptr) return;
    detail::join_cancel(*state_);
    detail::join_wait_uninterrupted(*state_);
    detail::join_release(std::exchange(state_, nullptr));
  }

  detail::join_state<R>* state_ = nullptr;
};

namespace detail {

template <class R, class Closure>
struct joined_closure {
  join_state<R>* state;
  Closure closure;
  template <class... As>
  explicit joined_closure(join_state<R>* s, As&&... args)
      : state(s), closure(std::forward<As>(args)...) {}
};

template <class R, class Closure>
void run_joined(void* slot) {
  join_state<R>* state = nullptr;
  {
    placed<joined_closure<R, Closure>> holder(slot);
    state = holder.get().state;
    try {
      state->call(holder.get().closure);
    } catch (...) {
      join_store_exception(*state);
    }
  }
  join_finish(state);  // after the closure is gone: join() means that nothing of it is left
}

template <class R>
struct state_owner {
  join_state<R>* state = new join_state<R>;
  ~state_owner() { delete state; }
};

}  // namespace detail

// Like go, with a handle: `auto t = spawn(f, args...); ... t.join()`.
template <class F, class... Args>
  requires std::is_invocable_v<std::decay_t<F>, std::decay_t<Args>...>
[[nodiscard, gnu::always_inline]] inline auto spawn(F&& f, Args&&... args)
    -> task<std::invoke_result_t<std::decay_t<F>, std::decay_t<Args>...>> {
  using result = std::invoke_result_t<std::decay_t<F>, std::decay_t<Args>...>;
  using closure = detail::closure_of<F, Args...>;
  detail::state_owner<result> owner;
  void* spawned = detail::spawn_with<detail::placed<detail::joined_closure<result, closure>>>(
      &detail::run_joined<result, closure>, owner.state, std::forward<F>(f),
      std::forward<Args>(args)...);
  detail::join_attach(*owner.state, spawned);
  task<result> handle(std::exchange(owner.state, nullptr), detail::spawn_key{});
  detail::spawn_commit(spawned);
  return handle;
}

// The running task. From a foreign thread: id() is 0, name() empty, yield() yields the thread,
// set_name() does nothing, exit() throws weft::error.
namespace this_task {

// Lets other tasks run; a blocking call: throws task_cancelled in a cancelled task.
WEFT_API void yield();
WEFT_API std::uint64_t id() noexcept;
// Cut after 31 bytes. Valid until the next set_name of this task.
WEFT_API std::string_view name() noexcept;
WEFT_API void set_name(std::string_view name) noexcept;
// Ends the task: unwinds its stack. In the main task it ends run() with 0.
[[noreturn]] WEFT_API void exit();
// Whether the task has been cancelled.
WEFT_API bool cancelled() noexcept;

}  // namespace this_task

namespace detail {
class WEFT_API blocking_region {
 public:
  blocking_region();
  ~blocking_region();
  blocking_region(const blocking_region&) = delete;
  blocking_region& operator=(const blocking_region&) = delete;

 private:
  void* task_;
};
}  // namespace detail

// Runs f where it may block the OS thread (a system call, a foreign lock, a long computation) and
// returns its result; other tasks go on on another thread. Inside f weft's own calls block the
// thread, as on any foreign thread. From a foreign thread: just f().
template <class F>
decltype(auto) blocking(F&& f) {
  detail::blocking_region region;
  return std::forward<F>(f)();
}

}  // namespace weft
