// The lock of the small structures: a channel, a wait queue, a timer heap, a descriptor.
//
// Any thread or task may take it, for a few dozen instructions, never across user code. It may be
// taken on one stack and released on the next one (see park.hpp), always by the same OS thread.
// One locked instruction to take it (exchange), a plain release store to give it back.
//
// Rejected: a ticket or MCS lock (two shared lines, and a preempted waiter stops everybody behind
// it when there are more workers than cores); std::mutex (40 bytes, not released across stacks).
#pragma once

#include <cstdint>

#include "runtime/base/atomic.hpp"
#if !defined(WEFT_MODEL)
#include <sched.h>
#endif

namespace weft::rt {

class spin_lock {
 public:
  constexpr spin_lock() noexcept = default;
  spin_lock(const spin_lock&) = delete;
  spin_lock& operator=(const spin_lock&) = delete;

  void lock() noexcept {
    // Pairs with the store in unlock(): what the previous holder wrote is visible.
    if (word_.exchange(held, WEFT_ORDER("spin_lock.lock", std::memory_order_acquire)) != 0)
      lock_slow();
  }

  bool try_lock() noexcept {
    return word_.load(std::memory_order_relaxed) == 0 &&
           word_.exchange(held, WEFT_ORDER("spin_lock.try_lock", std::memory_order_acquire)) == 0;
  }

  void unlock() noexcept {
    word_.store(0, WEFT_ORDER("spin_lock.unlock", std::memory_order_release));
  }

  // A hint for assertions and diagnostics only.
  bool is_locked() const noexcept { return word_.load(std::memory_order_relaxed) != 0; }

 private:
  static constexpr std::uint32_t held = 1;

  // Spins on a plain load so that the line stays shared; once the holder seems to be preempted
  // (more workers than cores) the processor is given away instead.
#if !defined(WEFT_MODEL)
  [[gnu::noinline, gnu::cold]]
#endif
  void lock_slow() noexcept {
    int spins = 0;
    int pause = 1;
    do {
      while (word_.load(std::memory_order_relaxed) != 0) {
#if !defined(WEFT_MODEL)
        for (int i = 0; i < pause; ++i) cpu_relax();
        if (pause < longest_pause) pause *= 2;
        if ((spins += pause) > spins_before_yield) {
          sched_yield();
          spins = 0;
        }
#else
        cpu_relax();
        (void)spins;
        (void)pause;
#endif
      }
    } while (word_.exchange(held, WEFT_ORDER("spin_lock.lock_slow", std::memory_order_acquire)) !=
             0);
  }
  static constexpr int spins_before_yield = 256;
  static constexpr int longest_pause = 16;

  // Written by whoever takes or gives the lock. 0 free, 1 held.
  atomic<std::uint32_t> word_{0};
};

// Scoped holder; std::lock_guard would pull <mutex> into headers that want to stay light.
class spin_guard {
 public:
  explicit spin_guard(spin_lock& lock) noexcept : lock_(lock) { lock_.lock(); }
  ~spin_guard() { lock_.unlock(); }
  spin_guard(const spin_guard&) = delete;
  spin_guard& operator=(const spin_guard&) = delete;

 private:
  spin_lock& lock_;
};

}  // namespace weft::rt
