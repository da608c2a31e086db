// weft::mutex: a lock that parks the task, not the OS thread. Fits std::lock_guard,
// std::unique_lock, std::scoped_lock.
#pragma once

#include <cstdint>

#include <weft/detail/deadline.hpp>
#include <weft/detail/export.hpp>
#include <weft/detail/opaque.hpp>
#include <weft/detail/shell.hpp>
#include <weft/detail/until_end.hpp>

namespace weft {

class mutex;

namespace detail {
using mutex_storage = opaque<48>;
WEFT_API void mutex_lock(mutex_storage& self);
WEFT_API bool mutex_try_lock(mutex_storage& self) noexcept;
WEFT_API bool mutex_try_lock_until(mutex_storage& self, std::int64_t deadline_ns,
                                   rt::end_signal* under);
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

  // Waits until the lock is the caller's. Throws task_cancelled, without the lock. With a context
  // also when that ends; all blocking calls take one as their last argument.
  [[gnu::always_inline]] void lock() {
    detail::mutex_lock(storage_);
    detail::end_of_shell();
  }
  [[gnu::always_inline]] void lock(detail::until_end end) {
    detail::shell(detail::mutex_try_lock_until(storage_, detail::never, end.signal));
  }

  // Never waits, never fails without reason.
  [[nodiscard]] bool try_lock() noexcept { return detail::mutex_try_lock(storage_); }

  // As lock(), but false when the time is over. A time that has passed does not wait.
  [[nodiscard, gnu::always_inline]] bool try_lock_for(detail::delay d, detail::until_end end = {}) {
    return detail::shell(detail::mutex_try_lock_until(storage_, d.due_ns, end.signal));
  }
  [[nodiscard, gnu::always_inline]] bool try_lock_until(detail::moment when,
                                                        detail::until_end end = {}) {
    return detail::shell(detail::mutex_try_lock_until(storage_, when.due_ns, end.signal));
  }

  void unlock() noexcept { detail::mutex_unlock(storage_); }

 private:
  friend struct detail::mutex_access;
  detail::mutex_storage storage_;
};

}  // namespace weft
