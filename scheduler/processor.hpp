// The right to run tasks, with everything a worker needs for it near at hand: front slots, local
// queue, timers, warm stacks.
//
// A processor is owned by the worker that holds it, or is on the idle list. Others may steal from
// its queue, rob its front, look at its timers and read its counters at any time.
#pragma once

#include <cstdint>

#include "runtime/base/atomic.hpp"
#include "runtime/base/choose.hpp"
#include "runtime/stack/stack_cache.hpp"
#include "runtime/task/task.hpp"
#include "runtime/time/timer_heap.hpp"
#include "scheduler/counters.hpp"
#include "scheduler/front_slots.hpp"
#include "scheduler/local_queue.hpp"

namespace weft::sched {

inline constexpr std::uint32_t local_queue_capacity = 256;

struct alignas(64) processor {
  // --- owner only ---
  std::uint32_t index = 0;
  std::uint32_t run_next_streak = 0;  // dispatches of the front's next in a row
  std::uint32_t tick = 0;             // dispatches since the last round
  std::uint32_t round_ticks = 64;     // dispatches until the next round; see find_runnable.cpp
  std::int64_t round_ns = 0;          // when the last round was
  std::int64_t last_poll_ns = 0;
  bool gave_to_pinned = false;  // the last dispatch was of a pinned task
  std::uint64_t next_id = 0;  // ids [next_id, end_id) are ours to give to new tasks
  std::uint64_t end_id = 0;
  processor* next_idle = nullptr;  // under the idle lock
  rt::stack_cache stacks;

  // --- owner writes, anybody reads ---
  counters count;
  rt::atomic<std::int64_t> now_ns{0};  // the clock at the last round

  rt::atomic<bool> is_waking{false};   // its owner is in the system call that wakes another

  // --- the monitor sets it, the owner clears it ---
  rt::atomic<bool> round_wanted{false};  // the last round is long ago: tasks have become longer

  // --- anybody ---
  alignas(64) front_slots<rt::task> front;
  local_queue<rt::task, local_queue_capacity> queue;
  rt::timer_heap timers;

  bool has_surplus() const noexcept { return !queue.empty(); }
};

}  // namespace weft::sched
