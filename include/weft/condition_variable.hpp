// weft::condition_variable: waits, without the lock, until somebody says that the state changed.
#pragma once

#include <cstdint>
#include <type_traits>

#include <weft/detail/deadline.hpp>
#include <weft/detail/export.hpp>
#include <weft/detail/opaque.hpp>
#include <weft/detail/shell.hpp>
#include <weft/detail/until_end.hpp>
#include <weft/mutex.hpp>

namespace weft {

namespace detail {
template <class S>
concept is_cv_status = std::is_enum_v<S> && requires { S::no_timeout, S::timeout; };
}  // namespace detail

// What a timed wait says: compares with, and converts to, std::cv_status, without its header.
class cv_status {
 public:
  static const cv_status no_timeout;
  static const cv_status timeout;

  constexpr explicit cv_status(bool timed_out) noexcept : timed_out_(timed_out) {}
  friend constexpr bool operator==(cv_status, cv_status) noexcept = default;

  template <detail::is_cv_status Status>
  constexpr operator Status() const noexcept {
    return timed_out_ ? Status::timeout : Status::no_timeout;
  }
  template <detail::is_cv_status Status>
  friend constexpr bool operator==(cv_status a, Status b) noexcept {
    return static_cast<Status>(a) == b;
  }

 private:
  bool timed_out_;
};
inline constexpr cv_status cv_status::no_timeout{false};
inline constexpr cv_status cv_status::timeout{true};

namespace detail {

using condition_storage = opaque<24>;

// How to give up and take back a lock whose type the library does not know.
struct lock_calls {
  void* lock;
  void (*unlock)(void*);
  void (*relock)(void*);
};

// True if notified, false if the deadline came first; in any case the lock is held again, also when
// they throw.
WEFT_API bool condition_wait(condition_storage& self, mutex& held, std::int64_t deadline_ns,
                             rt::end_signal* under);
WEFT_API bool condition_wait(condition_storage& self, const lock_calls& held,
                             std::int64_t deadline_ns, rt::end_signal* under);
WEFT_API void condition_begin(rt::end_signal* under);  // throws task_cancelled
WEFT_API void condition_notify_one(condition_storage& self) noexcept;
WEFT_API void condition_notify_all(condition_storage& self) noexcept;
WEFT_API void condition_destroyed_in_use(condition_storage& self) noexcept;

template <class P>
concept is_condition = requires(P& p) { static_cast<bool>(p()); };

// std::unique_lock<weft::mutex> and its like.
template <class Lock>
concept guards_mutex = requires(Lock& lock) {
  requires std::is_same_v<decltype(lock.mutex()), mutex*>;
};

}  // namespace detail

// FIFO, no spurious wake-ups: a wait ends because of a notify that came after it began, or because
// of its deadline, or throws task_cancelled. Works with any lock that has lock() and unlock(); best
// with std::unique_lock<weft::mutex>. The caller holds the lock, and holds it again whichever way
// the wait ends. May be destroyed once everybody who waits has been notified.
class condition_variable {
 public:
  constexpr condition_variable() noexcept = default;
  condition_variable(const condition_variable&) = delete;
  condition_variable& operator=(const condition_variable&) = delete;
  ~condition_variable() {
    if (!storage_.first_word_is_zero()) detail::condition_destroyed_in_use(storage_);
  }

  template <class Lock>
  [[gnu::always_inline]] void wait(Lock& lock, detail::until_end end = {}) {
    wait_ns(lock, detail::never, end);
  }
  template <class Lock, detail::is_condition Predicate>
  [[gnu::always_inline]] void wait(Lock& lock, Predicate condition, detail::until_end end = {}) {
    wait_while_not(lock, detail::never, condition, end);
  }

  template <class Lock>
  [[gnu::always_inline]] cv_status wait_until(Lock& lock, detail::moment when,
                                              detail::until_end end = {}) {
    return cv_status(!wait_ns(lock, when.due_ns, end));
  }
  // The condition's last answer.
  template <class Lock, detail::is_condition Predicate>
  [[gnu::always_inline]] bool wait_until(Lock& lock, detail::moment when, Predicate condition,
                                         detail::until_end end = {}) {
    return wait_while_not(lock, when.due_ns, condition, end);
  }

  template <class Lock>
  [[gnu::always_inline]] cv_status wait_for(Lock& lock, detail::delay d,
                                            detail::until_end end = {}) {
    return cv_status(!wait_ns(lock, d.due_ns, end));
  }
  template <class Lock, detail::is_condition Predicate>
  [[gnu::always_inline]] bool wait_for(Lock& lock, detail::delay d, Predicate condition,
                                       detail::until_end end = {}) {
    return wait_while_not(lock, d.due_ns, condition, end);
  }

  // Wakes who has waited longest, if anybody waits.
  void notify_one() noexcept { detail::condition_notify_one(storage_); }
  void notify_all() noexcept { detail::condition_notify_all(storage_); }

 private:
  template <class Lock>
  [[gnu::always_inline]] bool wait_ns(Lock& lock, std::int64_t due_ns, detail::until_end end) {
    bool notified = false;
    if constexpr (std::is_same_v<Lock, mutex>) {
      notified = detail::condition_wait(storage_, lock, due_ns, end.signal);
    } else if constexpr (detail::guards_mutex<Lock>) {
      notified = detail::condition_wait(storage_, *lock.mutex(), due_ns, end.signal);
    } else {
      notified = detail::condition_wait(
          storage_,
          detail::lock_calls{&lock, [](void* held) { static_cast<Lock*>(held)->unlock(); },
                             [](void* held) { static_cast<Lock*>(held)->lock(); }},
          due_ns, end.signal);
    }
    detail::end_of_shell();
    return notified;
  }

  template <class Lock, class Predicate>
  [[gnu::always_inline]] bool wait_while_not(Lock& lock, std::int64_t due_ns, Predicate& condition,
                                             detail::until_end end) {
    detail::condition_begin(end.signal);
    while (!condition())
      if (!wait_ns(lock, due_ns, end)) return condition();
    return true;
  }

  detail::condition_storage storage_;
};

}  // namespace weft
