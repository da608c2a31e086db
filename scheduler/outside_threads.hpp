// What plain OS threads say of themselves, in one word, so that a look at it is of one moment: how
// many weft knows, how many of those are parked in it, and how many guards say "I may wake somebody".
//
// A thread goes from one reason to another (it runs, then waits with a deadline): in separate words
// a look could see neither. Any thread.
#pragma once

#include <cstdint>

#include "runtime/base/atomic.hpp"

namespace weft::sched {

class outside_threads {
 public:
  struct counts {
    std::int64_t live = 0;    // known to weft, not ended
    std::int64_t parked = 0;  // may be one too small for a moment: woken before it was counted
    std::int64_t wakers = 0;
    bool may_wake() const noexcept { return wakers > 0 || live > parked; }
  };

  void add(std::int64_t live, std::int64_t parked, std::int64_t wakers) noexcept {
    // seq_cst: see check_deadlock(). Fields below zero borrow from the next one and give it back.
    word_.fetch_add(live + parked * one_parked + wakers * one_waker, std::memory_order_seq_cst);
  }

  // In a process with one thread.
  void reset(std::int64_t live, std::int64_t parked, std::int64_t wakers) noexcept {
    word_.store(live + parked * one_parked + wakers * one_waker, std::memory_order_relaxed);
  }

  counts look() const noexcept {
    const std::int64_t word = word_.load(std::memory_order_seq_cst);
    counts now;
    now.live = word & (one_parked - 1);
    const std::int64_t rest = (word - now.live) / one_parked;
    constexpr std::int64_t range = one_waker / one_parked;
    now.parked = rest & (range - 1);
    if (now.parked >= range / 2) now.parked -= range;
    now.wakers = (rest - now.parked) / range;
    return now;
  }

 private:
  static constexpr std::int64_t one_parked = std::int64_t{1} << 20;
  static constexpr std::int64_t one_waker = std::int64_t{1} << 41;

  rt::atomic<std::int64_t> word_{0};
};

}  // namespace weft::sched
