// A heap of timers: the scheduler keeps one a processor and asks it what is due.
//
// Any thread may call everything here; arm() of one node and disarm() of the same node are its
// owner's business and take turns. A 4-ary min-heap by deadline, first armed first fired among
// equals. Each node knows its place, so that disarming is O(log n) without a search.
//
// The entries lie in chunks that double in size and never move: a heap that grows to a million
// timers copies nothing while it holds its lock, and memory is asked for without the lock.
// Rejected: a pairing heap (no memory of its own, but three pointers in each node, and pops that
// touch as many nodes as were pushed since the last pop); a timer wheel (ticks must be chosen, and
// an idle worker needs the exact next deadline).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "runtime/base/atomic.hpp"
#include "runtime/base/choose.hpp"
#include "runtime/base/spin_lock.hpp"
#include "runtime/task/timer_node.hpp"

namespace weft::rt {

class timer_heap {
 public:
  timer_heap() noexcept = default;
  timer_heap(const timer_heap&) = delete;
  timer_heap& operator=(const timer_heap&) = delete;
  ~timer_heap();

  // The node must not be armed. It fires at or after when_ns. True if it is now the earliest: who
  // sleeps until next_ns() may want to know. Out of memory is fatal: a timer must not be lost.
  bool arm(timer_node& timer, std::int64_t when_ns) noexcept;

  // In whatever heap the node is armed. True if it had not fired; in any case it does not fire
  // afterwards and a firing that was under way is over.
  static bool disarm(timer_node& timer) noexcept;

  // Fires what is due, in order of deadline, each under the lock and after it was unlinked. Returns
  // how many. Costs one load if nothing is due.
  int fire_due(std::int64_t now_ns) noexcept;

  // Empties it without firing. Only when nobody will touch those timers again.
  void forget_all() noexcept;

  // The earliest deadline, or never_ns. Without the lock, so it may be old by the time it is used.
  std::int64_t next_ns() const noexcept {
    // Pairs with publish_locked(): whoever sees a deadline sees the entry behind it.
    return next_ns_.load(WEFT_ORDER("timer_heap.next_ns", std::memory_order_acquire));
  }

  // A hint while others arm and disarm.
  std::uint32_t size() const noexcept { return size_.load(std::memory_order_relaxed); }

 private:
  struct entry {
    std::int64_t when_ns;
    std::uint64_t sequence;
    timer_node* timer;
    bool before(const entry& other) const noexcept {
      return when_ns != other.when_ns ? when_ns < other.when_ns : sequence < other.sequence;
    }
  };

#if defined(WEFT_MODEL)
  static constexpr std::uint32_t first_chunk = 2;
#else
  static constexpr std::uint32_t first_chunk = 64;
#endif
  static constexpr std::uint32_t max_chunks = 26;
  static constexpr std::uint32_t arity = 4;
  // After so many firings the lock is given up once, so that others get in.
  static constexpr int fired_per_turn = 32;

  static std::uint32_t chunk_of(std::uint32_t position) noexcept;
  entry& at(std::uint32_t position) noexcept;
  void put(std::uint32_t position, const entry& item) noexcept;
  void sift_up(std::uint32_t position, const entry& item) noexcept;
  void sift_down(std::uint32_t position, const entry& item) noexcept;
  void remove_locked(timer_node& timer) noexcept;
  void publish_locked() noexcept;
  void grow() noexcept;

  spin_lock lock_;

  // Under the lock. Chunk k holds first_chunk << k entries; chunks are added, never taken away.
  std::array<entry*, max_chunks> chunks_{};
  std::uint64_t next_sequence_ = 0;

  // Written under the lock, read by anybody.
  atomic<std::uint32_t> size_{0};
  atomic<std::uint32_t> capacity_{0};
  atomic<std::int64_t> next_ns_{never_ns};
};

}  // namespace weft::rt
