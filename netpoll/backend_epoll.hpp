// epoll, edge-triggered: the backend of Linux. Its system calls stand in a table, so that a test
// can make each of them fail. Threads: see backend.hpp; only a test writes the table, between runs.
#pragma once

#if defined(__linux__)

#include <sys/epoll.h>

#include "netpoll/backend.hpp"
#include "netpoll/wake_flag.hpp"

namespace weft::np {

// Each returns as the system call does: -1 and errno.
struct epoll_calls {
  int (*create)() noexcept;
  int (*control)(int epoll, int operation, int fd, epoll_event* event) noexcept;
  int (*wait)(int epoll, epoll_event* out, int capacity, std::int64_t timeout_ns) noexcept;
  int (*create_wake)() noexcept;
};

epoll_calls& epoll_in_use() noexcept;
const epoll_calls& epoll_real() noexcept;

class backend_epoll final : public backend {
 public:
  int open() noexcept override;
  void close() noexcept override;
  int add(int fd, poll_tag tag) noexcept override;
  int remove(int fd) noexcept override;
  int wait(std::int64_t timeout_ns, io_event* out, int capacity) noexcept override;
  void interrupt() noexcept override;

 private:
  // Constant between open() and close().
  int epoll_ = -1;
  int wake_ = -1;  // an eventfd, registered level-triggered
  wake_flag flag_;
};

}  // namespace weft::np

#endif
