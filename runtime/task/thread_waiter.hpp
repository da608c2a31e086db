// A plain OS thread that waits for something of weft's: it blocks on its own futex word.
//
// One a thread, made on first use; a thread that has one counts for the deadlock decision until it
// ends. Works without a runtime.
#pragma once

#include <cstdint>

#include "runtime/base/atomic.hpp"
#include "runtime/task/wait_site.hpp"
#include "runtime/task/outside_event.hpp"
#include "runtime/task/waiter.hpp"

namespace weft::rt {

class thread_waiter : public waiter {
 public:
  // Of the calling thread, which must not be running a task.
  static thread_waiter& here();

  // Blocks until ready(); false if the deadline came first (then ready() may still come).
  bool park(const wait_site& site, std::int64_t deadline_ns) noexcept;

  // Any thread, once a park. Touches nothing after the wake that could be gone: the word outlives
  // the wait, and a wake on a dead address does nothing.
  void ready() noexcept;

  ~thread_waiter();

 private:
  thread_waiter() noexcept;
  // For the deadlock decision. A worker's thread waits as a thread only inside a blocking region,
  // which is counted itself.
  void note(outside_event event) const noexcept;

  const bool of_worker_;

  // 0 nothing, 1 made ready. Written by ready(), reset by park().
  atomic<std::uint32_t> word_{0};
};

}  // namespace weft::rt
