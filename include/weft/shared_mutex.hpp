// weft::shared_mutex: many readers or one writer. Fits std::unique_lock and std::shared_lock.
#pragma once

#include <cstdint>

#include <weft/detail/deadline.hpp>
#include <weft/detail/export.hpp>
#include <weft/detail/opaque.hpp>
#include <weft/detail/shell.hpp>
#include <weft/detail/until_end.hpp>

namespace weft {

namespace detail {
using shared_mutex_storage = opaque<32>;
WEFT_API void shared_mutex_lock(shared_mutex_storage& self);
WEFT_API bool shared_mutex_try_lock(shared_mutex_storage& self) noexcept;
WEFT_API bool shared_mutex_try_lock_until(shared_mutex_storage& self, std::int64_t deadline_ns,
                                          rt::end_signal* under);
WEFT_API void shared_mutex_unlock(shared_mutex_storage& self) noexcept;
WEFT_API void shared_mutex_lock_shared(shared_mutex_storage& self);
WEFT_API bool shared_mutex_try_lock_shared(shared_mutex_storage& self) noexcept;
WEFT_API bool shared_mutex_try_lock_shared_until(shared_mutex_storage& self,
                                                 std::int64_t deadline_ns, rt::end_signal* under);
WEFT_API void shared_mutex_unlock_shared(shared_mutex_storage& self) noexcept;
WEFT_API void shared_mutex_destroyed_in_use(shared_mutex_storage& self) noexcept;
}  // namespace detail

// Those who wait get it in their order, neighbouring readers together. So a writer that waits
// excludes new readers, and after a writer the readers who have waited longer than the next writer
// go first. Not recursive: a reader that locks again behind a waiting writer waits for ever.
class shared_mutex {
 public:
  constexpr shared_mutex() noexcept = default;
  shared_mutex(const shared_mutex&) = delete;
  shared_mutex& operator=(const shared_mutex&) = delete;
  ~shared_mutex() {
    if (!storage_.first_word_is_zero()) detail::shared_mutex_destroyed_in_use(storage_);
  }

  // --- the writer's side; unlock by a task that does not own it is fatal ---

  [[gnu::always_inline]] void lock() {
    detail::shared_mutex_lock(storage_);
    detail::end_of_shell();
  }
  [[gnu::always_inline]] void lock(detail::until_end end) {
    detail::shell(detail::shared_mutex_try_lock_until(storage_, detail::never, end.signal));
  }
  [[nodiscard]] bool try_lock() noexcept { return detail::shared_mutex_try_lock(storage_); }
  [[nodiscard, gnu::always_inline]] bool try_lock_for(detail::delay d,
                                                      detail::until_end end = {}) {
    return detail::shell(detail::shared_mutex_try_lock_until(storage_, d.due_ns, end.signal));
  }
  [[nodiscard, gnu::always_inline]] bool try_lock_until(detail::moment when,
                                                        detail::until_end end = {}) {
    return detail::shell(
        detail::shared_mutex_try_lock_until(storage_, when.due_ns, end.signal));
  }
  void unlock() noexcept { detail::shared_mutex_unlock(storage_); }

  // --- the readers' side ---

  [[gnu::always_inline]] void lock_shared() {
    detail::shared_mutex_lock_shared(storage_);
    detail::end_of_shell();
  }
  [[gnu::always_inline]] void lock_shared(detail::until_end end) {
    detail::shell(detail::shared_mutex_try_lock_shared_until(storage_, detail::never, end.signal));
  }
  [[nodiscard]] bool try_lock_shared() noexcept {
    return detail::shared_mutex_try_lock_shared(storage_);
  }
  [[nodiscard, gnu::always_inline]] bool try_lock_shared_for(detail::delay d,
                                                             detail::until_end end = {}) {
    return detail::shell(detail::shared_mutex_try_lock_shared_until(storage_, d.due_ns, end.signal));
  }
  [[nodiscard, gnu::always_inline]] bool try_lock_shared_until(detail::moment when,
                                                               detail::until_end end = {}) {
    return detail::shell(
        detail::shared_mutex_try_lock_shared_until(storage_, when.due_ns, end.signal));
  }
  void unlock_shared() noexcept { detail::shared_mutex_unlock_shared(storage_); }

 private:
  detail::shared_mutex_storage storage_;
};

}  // namespace weft
