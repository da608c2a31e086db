// The winner word of a wait for several things: who ended it, and whether its waiter has parked.
//
// It lives on the waiter's stack and is shared by all its wait nodes, its timer and its canceller.
// Whoever wants to end the wait claims it; exactly one claim succeeds. A wait for one thing has no
// winner word: there, being found in the queue under its lock is the claim.
//
//   open      nobody has won; the waiter is still on its stack and will look before it leaves
//   parked    nobody has won; the waiter has left its stack, the winner must make it ready
//   won(k)    case k won; the parked bit tells whether the winner must make it ready
//
// look_again is a win that is not for good: the waiter is to look at something by itself, and keeps
// its places in the queues meanwhile. It has been made ready, so a case that wins over it need not;
// if none has when the waiter holds all the locks, it opens the word again.
//
// A winner that finds the waiter not parked must not make it ready: the waiter's own try_park()
// fails and it goes on by itself. What the winner writes for the waiter (a value) is written while
// it holds the lock of the thing that became ready; the waiter takes that lock before it reads.
#pragma once

#include <cstdint>

#include "runtime/base/atomic.hpp"

namespace weft::rt {

class winner_word {
 public:
  enum class claim_result : std::uint8_t { lost, won, won_parked };

  // Claims that are not a case of the select.
  static constexpr std::uint32_t timed_out = 0x3fff'ffff;
  static constexpr std::uint32_t cancelled = 0x3fff'fffe;
  static constexpr std::uint32_t deadlocked = 0x3fff'fffd;
  static constexpr std::uint32_t ended = 0x3fff'fffc;  // the context it stands under
  static constexpr std::uint32_t look_again = 0x3fff'fffb;
  static constexpr std::uint32_t max_cases = 0x3fff'fff0;

  // Any thread, normally under the lock of the thing that became ready.
  claim_result claim(std::uint32_t index) noexcept { return claim_over(look_again, index); }

  // The same, but only if nobody has made the waiter ready, not even to look again.
  claim_result claim_asleep(std::uint32_t index) noexcept { return claim_over(nobody, index); }

  // By the waiter when it was told to look again and holds the locks of all that it waits for. False:
  // something has won meanwhile.
  bool open_again() noexcept {
    std::uint32_t seen = word_.load(std::memory_order_relaxed);
    return (seen & won_mask) == look_again + 1 &&
           word_.compare_exchange_strong(seen, 0, std::memory_order_relaxed);
  }

  // On the next stack, for the waiter: false if somebody has won already, then the waiter must run.
  bool try_park() noexcept {
    std::uint32_t expected = 0;
    return word_.compare_exchange_strong(expected, parked_bit,
                                         WEFT_ORDER("winner.try_park", std::memory_order_release),
                                         std::memory_order_relaxed);
  }

  bool is_won() const noexcept { return (word_.load(std::memory_order_relaxed) & won_mask) != 0; }

  // By the waiter, after is_won() or after it was made ready.
  std::uint32_t winner() const noexcept {
    return (word_.load(WEFT_ORDER("winner.winner", std::memory_order_acquire)) & won_mask) - 1;
  }

 private:
  static constexpr std::uint32_t nobody = 0xffff'ffff;  // as an index; +1 is no winner

  claim_result claim_over(std::uint32_t weaker, std::uint32_t index) noexcept {
    std::uint32_t seen = word_.load(std::memory_order_relaxed);
    for (;;) {
      const std::uint32_t won = seen & won_mask;
      if (won != 0 && (won != weaker + 1 || index == weaker)) return claim_result::lost;
      // acquire pairs with try_park(): the waiter's stack is complete when we see it parked.
      // release pairs with winner(): the waiter sees what happened before the claim.
      if (word_.compare_exchange_weak(seen, (seen & parked_bit) | (index + 1),
                                      WEFT_ORDER("winner.claim", std::memory_order_acq_rel),
                                      std::memory_order_relaxed)) {
        if (won == 0 && (seen & parked_bit) != 0) return claim_result::won_parked;
        return claim_result::won;
      }
    }
  }

  static constexpr std::uint32_t parked_bit = 0x8000'0000;
  static constexpr std::uint32_t won_mask = 0x7fff'ffff;

  // Written by claimers (any thread), by the waiter in try_park() and open_again().
  atomic<std::uint32_t> word_{0};
};

}  // namespace weft::rt
