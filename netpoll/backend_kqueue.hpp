// kqueue, edge-triggered (EV_CLEAR): the backend of macOS and the BSDs. Threads: see backend.hpp.
#pragma once

#if __has_include(<sys/event.h>)

#include "netpoll/backend.hpp"
#include "netpoll/wake_flag.hpp"

namespace weft::np {

class backend_kqueue final : public backend {
 public:
  int open() noexcept override;
  void close() noexcept override;
  int add(int fd, poll_tag tag) noexcept override;
  int remove(int fd) noexcept override;
  int wait(std::int64_t timeout_ns, io_event* out, int capacity) noexcept override;
  void interrupt() noexcept override;

 private:
  // Constant between open() and close().
  int queue_ = -1;
  // A pipe whose read end is registered level-triggered, so that a poll that only looks leaves it
  // ready; an EVFILT_USER event would be taken by whoever sees it first.
  int wake_read_ = -1;
  int wake_write_ = -1;
  wake_flag flag_;
};

}  // namespace weft::np

#endif
