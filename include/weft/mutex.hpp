// weft::mutex: a lock that parks the task, not the OS thread. Fits std::lock_guard,
// std::unique_lock, std::scoped_lock.
#pragma once

#include <chrono>
#include <cstdint>

#include <weft/detail/deadline.hpp>
#include <weft/detail/export.hpp>
#include <weft/detail/opaque.hpp>
#include <weft/detail/shell.hpp>

namespace weft {

class mutex;

namespace detail {
using mutex_storage = opaque<48>;
WEFT_API void mutex_lock(mutex_storage& self);
WEFT_API bool mutex_try_lock(mutex_storage& self) noexcept;
WEFT_API bool mutex_try_lock_until(mutex_storage& self, std::int64_t deadline_ns);
WEFT_API void mutex_unlock(mutex_storage& self) noexcept;
WEFT_API void mutex_destroyed_in_use(mutex_storage& self) noexcept;
struct mutex_access;
}  // namespace detail

// Not recursive: locking it again waits for ever, and is reported. Belongs to the task (or foreign
// thread) that locked it; unlock by anybody else is fatal. Fair in this sense: whoever comes just
// as the lock becomes free may take it before those who wait, but nobody who waits is overtaken for
// more than about 1 ms, and those who wait get it in their order.
class mutex {
 public:
  constexpr mutex() noexcept = default;
  mutex(const mutex&) = delete;
  mutex& operator=(const mutex&) = delete;

  // Destroying a lock that somebody waits for, or that the caller holds, is fatal in debug builds.
  ~mutex() {
    if (!storage_.first_word_is_zero()) detail::mutex_destroyed_in_use(storage_);
  }

  // Waits until the lock is the caller's. Throws task_cancelled, without the lock.
  [[gnu::always_inline]] void lock() {
    detail::mutex_lock(storage_);
    detail::end_of_shell();
  }

  // Never waits, never fails without reason.
  [[nodiscard]] bool try_lock() noexcept { return detail::mutex_try_lock(storage_); }

  // As lock(), but false when the time is over. A time that has passed does not wait.
  template <class Rep, class Period>
  [[nodiscard, gnu::always_inline]] bool try_lock_for(const std::chrono::duration<Rep, Period>& d) {
    const bool done = detail::mutex_try_lock_until(storage_, detail::deadline_in(d));
    detail::end_of_shell();
    return done;
  }
  template <class Clock, class Duration>
  [[nodiscard, gnu::always_inline]] bool try_lock_until(
      const std::chrono::time_point<Clock, Duration>& when) {
    const bool done = detail::mutex_try_lock_until(storage_, detail::deadline_at(when));
    detail::end_of_shell();
    return done;
  }

  void unlock() noexcept { detail::mutex_unlock(storage_); }

 private:
  friend struct detail::mutex_access;
  detail::mutex_storage storage_;
};

}  // namespace weft
