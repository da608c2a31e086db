// What a task and its handle share: result, exception, who waits. One allocation a spawn().
#pragma once

#include <cstdint>
#include <exception>
#include <optional>
#include <utility>

#include <weft/detail/export.hpp>
#include <weft/detail/until_end.hpp>

namespace weft::detail {

class join_base {
 public:
  join_base() noexcept = default;
  join_base(const join_base&) = delete;
  join_base& operator=(const join_base&) = delete;
  virtual ~join_base() = default;

  std::exception_ptr error;  // written by the task before it is done, read after join
  bool ended_early = false;  // cancelled, or this_task::exit

  alignas(8) unsigned char core[48] = {};  // rt::join_core
};

// Two references: the task's and the handle's.
WEFT_API void join_attach(join_base& state, void* task) noexcept;
WEFT_API void join_store_exception(join_base& state);  // inside a catch block
// By the task; gives its reference up. Rethrows the exception if nobody has a handle any more.
WEFT_API void join_finish(join_base* state);
WEFT_API void join_wait(join_base& state);  // throws task_cancelled
WEFT_API void join_wait(join_base& state, rt::end_signal* under);
WEFT_API void join_wait_uninterrupted(join_base& state) noexcept;
WEFT_API void join_cancel(join_base& state) noexcept;
WEFT_API void join_release(join_base* state) noexcept;  // by the handle
WEFT_API std::uint64_t join_task_id(const join_base& state) noexcept;
[[noreturn]] WEFT_API void join_throw_ended();

template <class R>
struct join_state final : join_base {
  std::optional<R> value;
  template <class Closure>
  void call(Closure& closure) { value.emplace(closure()); }
  R take() { return std::move(*value); }
};

template <class R>
struct join_state<R&> final : join_base {
  R* value = nullptr;
  template <class Closure>
  void call(Closure& closure) { value = &closure(); }
  R& take() { return *value; }
};

template <>
struct join_state<void> final : join_base {
  template <class Closure>
  void call(Closure& closure) { closure(); }
  void take() {}
};

}  // namespace weft::detail
