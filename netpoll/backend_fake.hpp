// A backend that a test scripts: what is ready is what the test says. No kernel is asked, the
// numbers need not be open. Threads: see backend.hpp; the script's functions any thread.
#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>

#include "netpoll/backend.hpp"

namespace weft::np {

class backend_fake final : public backend {
 public:
  int open() noexcept override;
  void close() noexcept override;
  int add(int fd, poll_tag tag) noexcept override;
  int remove(int fd) noexcept override;
  int wait(std::int64_t timeout_ns, io_event* out, int capacity) noexcept override;
  void interrupt() noexcept override;

  // --- the script ---

  // The descriptor becomes ready, under the tag it is registered with; nothing if it is not.
  void make_ready(int fd, bool readable, bool writable);
  // An event that was on its way before its descriptor was closed.
  void deliver(io_event stale);
  // The next open() or add() fails so.
  void fail_next_open(int error) { open_error_ = error; }
  void fail_next_add(int error);

  bool is_registered(int fd);
  poll_tag tag_of(int fd);
  int add_count();
  // Somebody is inside wait() and has nothing.
  bool is_waiting();

 private:
  std::mutex lock_;
  std::condition_variable changed_;
  // Under lock_.
  std::map<int, poll_tag> registered_;
  std::deque<io_event> events_;
  bool interrupted_ = false;
  bool waiting_ = false;
  int open_error_ = 0;
  int add_error_ = 0;
  int add_count_ = 0;
};

}  // namespace weft::np
