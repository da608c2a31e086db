// Coalesces interrupts of the waiting poll(): only the first of a row makes the system call.
//
// interrupt(): raise(), and if that says so, make the wake descriptor readable. The poll that
// waits, when it sees the wake descriptor readable: empty it, then lower(). In this order an
// interrupt in between is coalesced into the return that is under way; in the other order its
// system call would be swallowed and the flag stay up, and no interrupt would ever get through
// again. A poll that only looks must leave both alone: the wake-up is for the one that waits.
#pragma once

#include <cstdint>

#include "runtime/base/atomic.hpp"

namespace weft::np {

class wake_flag {
 public:
  // Any thread. True: the caller makes the system call.
  [[nodiscard]] bool raise() noexcept {
    // Pairs with lower(). One that is coalesced too: lower() reads the last of a row of exchanges,
    // and each of them continues the release of those before it.
    return word_.exchange(1, WEFT_ORDER("wake_flag.raise", std::memory_order_release)) == 0;
  }

  // By the poll that waited. What those wrote who raised the flag is visible afterwards.
  void lower() noexcept {
    word_.exchange(0, WEFT_ORDER("wake_flag.lower", std::memory_order_acquire));
  }

  void reset() noexcept { word_.store(0, std::memory_order_relaxed); }

 private:
  // 1: a wake-up is on its way. Raised by interrupt(), lowered by the poll that waited.
  rt::atomic<std::uint32_t> word_{0};
};

}  // namespace weft::np
