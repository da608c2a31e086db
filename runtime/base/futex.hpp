// futex_wait and futex_wake: block an OS thread while a 32-bit word has a value.
//
// Any thread may call either. The word decides, the futex only sleeps: a waiter re-reads the word
// after every return, because woken may also mean a signal or a wake meant for an earlier user of
// the address. Neither call orders memory for the caller; that is the business of the word's own
// loads and stores. futex_wake does not read the word, so it may be called (without effect) when
// the word is already gone. errno is left as it was.
//
// Linux uses the system call, other systems a small table of condition variables, and a model build
// the explorer's futex, where a thread that nobody wakes is a reported lost wake-up.
#pragma once

#include <cstdint>
#include <limits>

#include "runtime/base/atomic.hpp"

#if defined(WEFT_MODEL)
#elif defined(__linux__)
#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#else
#include <array>
#include <chrono>
#include <condition_variable>
#include <mutex>
#endif

namespace weft::rt {

enum class futex_result : std::uint8_t {
  woken,      // by futex_wake, or for no reason: look at the word
  timed_out,  // the deadline has passed
  changed,    // the word did not have the expected value
};

inline constexpr std::int64_t futex_no_deadline = std::numeric_limits<std::int64_t>::max();

#if defined(WEFT_MODEL)

inline futex_result futex_wait(atomic<std::uint32_t>& word, std::uint32_t expected,
                               std::int64_t deadline_ns = futex_no_deadline) noexcept {
  switch (
      model::cell_futex_wait(word.explorer_cell(), expected, deadline_ns != futex_no_deadline)) {
    case model::futex_outcome::timed_out:
      return futex_result::timed_out;
    case model::futex_outcome::changed:
      return futex_result::changed;
    case model::futex_outcome::woken:
      break;
  }
  return futex_result::woken;
}

inline void futex_wake(atomic<std::uint32_t>& word, int count) noexcept {
  model::cell_futex_wake(word.explorer_cell(), count);
}

#elif defined(__linux__)

static_assert(sizeof(atomic<std::uint32_t>) == sizeof(std::uint32_t));
static_assert(atomic<std::uint32_t>::is_always_lock_free);

// Blocks while word == expected, until a wake or until deadline_ns on CLOCK_MONOTONIC.
inline futex_result futex_wait(atomic<std::uint32_t>& word, std::uint32_t expected,
                               std::int64_t deadline_ns = futex_no_deadline) noexcept {
  constexpr std::int64_t second_ns = 1'000'000'000;
  const int saved_errno = errno;
  timespec deadline{};
  if (deadline_ns != futex_no_deadline) {
    const std::int64_t from_boot_ns = deadline_ns < 0 ? 0 : deadline_ns;
    deadline.tv_sec = static_cast<time_t>(from_boot_ns / second_ns);
    deadline.tv_nsec = static_cast<long>(from_boot_ns % second_ns);
  }
  // WAIT_BITSET, unlike WAIT, takes an absolute deadline.
  const long rc = ::syscall(
      SYS_futex, reinterpret_cast<std::uint32_t*>(&word), FUTEX_WAIT_BITSET_PRIVATE, expected,
      deadline_ns == futex_no_deadline ? nullptr : &deadline, nullptr, FUTEX_BITSET_MATCH_ANY);
  const int error = rc == 0 ? 0 : errno;
  errno = saved_errno;
  if (error == ETIMEDOUT) return futex_result::timed_out;
  if (error == EAGAIN) return futex_result::changed;
  return futex_result::woken;
}

// Wakes at most count threads that wait on word.
inline void futex_wake(atomic<std::uint32_t>& word, int count) noexcept {
  const int saved_errno = errno;
  ::syscall(SYS_futex, reinterpret_cast<std::uint32_t*>(&word), FUTEX_WAKE_PRIVATE, count, nullptr,
            nullptr, 0);
  errno = saved_errno;
}

#else

namespace futex_table {

// Waiters of all words that hash alike share a bucket and are all woken: a wake for another word is
// spurious.
struct bucket {
  std::mutex lock;
  std::condition_variable wake;
  std::uint64_t generation =
      0;  // under lock; counts wakes, so that one between the check and the sleep is not missed
};

inline bucket& of(const void* word) noexcept {
  static std::array<bucket, 64> buckets;
  const auto address = reinterpret_cast<std::uintptr_t>(word);
  return buckets[(address >> 6 ^ address >> 12) % buckets.size()];
}

}  // namespace futex_table

inline futex_result futex_wait(atomic<std::uint32_t>& word, std::uint32_t expected,
                               std::int64_t deadline_ns = futex_no_deadline) noexcept {
  futex_table::bucket& bucket = futex_table::of(&word);
  std::unique_lock hold(bucket.lock);
  if (word.load(std::memory_order_relaxed) != expected) return futex_result::changed;
  const std::uint64_t before = bucket.generation;
  const auto woken = [&] { return bucket.generation != before; };
  if (deadline_ns == futex_no_deadline) {
    bucket.wake.wait(hold, woken);
    return futex_result::woken;
  }
  const std::chrono::steady_clock::time_point deadline{std::chrono::nanoseconds(deadline_ns)};
  return bucket.wake.wait_until(hold, deadline, woken) ? futex_result::woken
                                                       : futex_result::timed_out;
}

inline void futex_wake(atomic<std::uint32_t>& word, int) noexcept {
  futex_table::bucket& bucket = futex_table::of(&word);
  {
    const std::lock_guard hold(bucket.lock);
    ++bucket.generation;
  }
  bucket.wake.notify_all();
}

#endif

}  // namespace weft::rt
