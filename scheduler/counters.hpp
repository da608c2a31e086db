// What a processor did, for people: weft::debug::stats() adds them up.
//
// Written by the owner only (a plain add: load and store), read by anybody at any time.
#pragma once

#include <cstdint>

#include "runtime/base/atomic.hpp"

namespace weft::sched {

class counter {
 public:
  void add(std::uint64_t amount = 1) noexcept {
    value_.store(value_.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  }
  // For one that says that something has ended: who sees it sees what came before.
  void add_released() noexcept {
    value_.store(value_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  }
  std::uint64_t get() const noexcept { return value_.load(std::memory_order_relaxed); }
  void reset() noexcept { value_.store(0, std::memory_order_relaxed); }

 private:
  rt::atomic<std::uint64_t> value_{0};
};

struct counters {
  counter spawned;     // tasks started here
  counter finished;    // tasks whose last switch was here
  counter dispatched;  // switches to a task
  counter stolen;      // tasks taken from other processors
  counter overflowed;  // tasks moved to the global queue because the local one was full
  counter wakeups;     // workers woken because of surplus work here
  counter idled;       // times the processor went idle
  counter polls;       // looks at the poller
  counter timers;      // timers fired
};

}  // namespace weft::sched
