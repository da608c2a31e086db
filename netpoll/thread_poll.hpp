// How a foreign thread waits for a descriptor: in poll(2), together with a wake descriptor of its
// own, through which close() and set_deadline() reach it. Needs no runtime; for the deadlock
// decision such a thread runs.
#pragma once

#include <cstdint>

#include "netpoll/poll_desc.hpp"
#include "runtime/task/wait_node.hpp"

namespace weft::np {

// Of the calling thread, made on first use and kept until it ends.
class thread_wake {
 public:
  static thread_wake& here() noexcept;

  // 0, or the errno value: no descriptor could be made.
  int error() const noexcept { return error_; }

  // Returns 0 after an event, a wake-up or the deadline (look again), or the errno value.
  int wait(int fd, side which, std::int64_t deadline_ns) noexcept;

  // Any thread, while the node that names this is linked. Afterwards drain() is due.
  void wake() noexcept;
  void drain() noexcept;

  ~thread_wake();

 private:
  thread_wake() noexcept;

  int read_fd_ = -1;
  int write_fd_ = -1;  // the same number where the system has eventfd
  int error_ = 0;
};

}  // namespace weft::np
