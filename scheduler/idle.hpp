// How many processors are idle and how many workers are searching: when to wake another worker.
//
// Work must never lie in a queue while a processor is idle and nobody is looking for it. Two
// symmetric protocols keep that true:
//
//   who adds work    pushes, then (full fence) reads this word: if somebody is idle and nobody is
//                    searching, wakes one worker, which starts as a searcher.
//   who goes idle    counts itself idle and no longer searching (seq_cst), then looks at every
//                    queue once more, and takes a processor back if it finds work.
//
// Dekker: either the pusher sees the idle processor, or the one who goes idle sees the work. A
// pusher that sees a searcher wakes nobody; the searcher then either finds the work, and if it was
// the last searcher wakes the next one (there may be more), or gives up by the protocol above.
//
// At most half of the busy workers search. Waking costs 5-14 us, so it is done only for surplus
// work: the two tasks in a front are not surplus, their worker will soon be free for them, and they
// wake nobody (wake_after_push).
//
// Rejected: waking on each ready() (bthread: 6 times slower); an idle worker that polls (Photon).
#pragma once

#include <cstdint>

#include "runtime/base/atomic.hpp"

namespace weft::sched {

class idle_state {
 public:
  // Before workers run: all processors idle.
  void reset(std::uint32_t processors) noexcept {
    processors_.store(processors, std::memory_order_relaxed);
    word_.store(processors * one_idle, std::memory_order_relaxed);
  }

  // How many processors there are: more while tasks hog some (substitutes.cpp). Under the idle lock.
  void set_processors(std::uint32_t processors) noexcept {
    processors_.store(processors, std::memory_order_relaxed);
  }
  std::uint32_t processors() const noexcept { return processors_.load(std::memory_order_relaxed); }

  // After a push. The fence is the pusher's half of Dekker.
  bool should_wake() const noexcept {
    rt::atomic_thread_fence(WEFT_ORDER("idle.should_wake", std::memory_order_seq_cst));
    const std::uint32_t now = word_.load(std::memory_order_relaxed);
    return idle_of(now) != 0 && searching_of(now) == 0;
  }

  bool try_start_searching() noexcept {
    const std::uint32_t now = word_.load(std::memory_order_relaxed);
    if (2 * searching_of(now) + idle_of(now) >= processors_.load(std::memory_order_relaxed))
      return false;
    word_.fetch_add(one_searching, std::memory_order_relaxed);
    return true;
  }

  // Found something. True: it was the last searcher, and should see whether to wake another.
  bool stop_searching() noexcept {
    const bool last = searching_of(word_.fetch_sub(one_searching, std::memory_order_relaxed)) == 1;
    // Its half of Dekker against should_wake(): the caller looks at the queues next.
    if (last)
      rt::atomic_thread_fence(WEFT_ORDER("idle.stop_searching", std::memory_order_seq_cst));
    return last;
  }

  // Under the idle lock. The caller looks at every queue afterwards; the fence is its half.
  void processor_went_idle(bool was_searching) noexcept {
    word_.fetch_add(one_idle - (was_searching ? one_searching : 0), std::memory_order_relaxed);
    rt::atomic_thread_fence(WEFT_ORDER("idle.went_idle", std::memory_order_seq_cst));
  }

  // Under the idle lock.
  void processor_taken(bool as_searcher) noexcept {
    word_.fetch_sub(one_idle - (as_searcher ? one_searching : 0), std::memory_order_relaxed);
  }

  // Nobody would look at what is put where others can take it. A hint.
  bool nobody_looks() const noexcept { return word_.load(std::memory_order_relaxed) == 0; }

  std::uint32_t idle() const noexcept { return idle_of(word_.load(std::memory_order_relaxed)); }
  std::uint32_t searching() const noexcept {
    return searching_of(word_.load(std::memory_order_relaxed));
  }

 private:
  static constexpr std::uint32_t one_searching = 1;
  static constexpr std::uint32_t one_idle = 1u << 16;
  static constexpr std::uint32_t idle_of(std::uint32_t word) noexcept { return word >> 16; }
  static constexpr std::uint32_t searching_of(std::uint32_t word) noexcept { return word & 0xffff; }

  // Written under the idle lock; a hint for searchers.
  rt::atomic<std::uint32_t> processors_{0};
  // idle processors << 16 | searching workers. Any worker; on its own line.
  alignas(64) rt::atomic<std::uint32_t> word_{0};
};

}  // namespace weft::sched
