// Where a worker without work sleeps: one futex word with a token.
//
// unpark() leaves a token; park() takes it or sleeps until it comes. A token that comes before the
// sleep is not lost, two are one. One thread parks, any thread unparks.
#pragma once

#include <cstdint>

#include "runtime/base/atomic.hpp"
#include "runtime/base/futex.hpp"

namespace weft::sched {

class thread_parker {
 public:
  void park() noexcept {
    std::uint32_t seen = empty;
    if (word_.compare_exchange_strong(seen, sleeping, std::memory_order_relaxed,
                                      std::memory_order_relaxed)) {
      while (word_.load(std::memory_order_relaxed) != token) rt::futex_wait(word_, sleeping);
    }
    // acquire pairs with unpark(): what its caller wrote is visible.
    word_.exchange(empty, WEFT_ORDER("thread_parker.park", std::memory_order_acquire));
  }

  // Wakes after the word is set; the parker outlives every unpark (workers are joined last).
  void unpark() noexcept {
    if (word_.exchange(token, WEFT_ORDER("thread_parker.unpark", std::memory_order_release)) ==
        sleeping)
      rt::futex_wake(word_, 1);
  }

 private:
  static constexpr std::uint32_t empty = 0;
  static constexpr std::uint32_t token = 1;
  static constexpr std::uint32_t sleeping = 2;

  // empty -> sleeping by the parker, anything -> token by unpark, token -> empty by the parker.
  rt::atomic<std::uint32_t> word_{empty};
};

}  // namespace weft::sched
