// One call on a descriptor, from its first check to its end: what sockets are written with.
//
//   operation op(desc, side::read, access::one_at_a_time);
//   while (op) {
//     n = ::recv(op.fd(), ...);
//     if (n < 0 && errno == EAGAIN) op.wait(place); else ...
//   }
//   ... op.error() ...
//
// By tasks, which park, and by foreign threads, which block in poll(2).
#pragma once

#include <system_error>

#include "netpoll/poll_desc.hpp"
#include "runtime/task/end_signal.hpp"
#include "runtime/task/wait_site.hpp"

namespace weft::np {

class operation {
 public:
  // Null desc: not open. `under`: the context, or null; it may have ended already.
  operation(poll_desc* desc, side which, access kind, rt::end_signal* under = nullptr) noexcept;
  ~operation();
  operation(const operation&) = delete;
  operation& operator=(const operation&) = delete;

  // The system call may be tried (again). False: error() says why not.
  explicit operator bool() const noexcept { return outcome_ == io_outcome::go_on; }
  int fd() const noexcept { return turn_.fd; }

  // After "would block". Throws task_cancelled or deadlocked.
  void wait(const rt::wait_place& place);

  // Before another try after one that did something, so that close() and deadlines end long calls.
  void again() noexcept;

  // Also ends the loop: the system call has failed.
  void fail(int error) noexcept {
    outcome_ = io_outcome::failed;
    turn_.error = error;
  }

  // Empty while it may go on.
  std::error_code error() const noexcept;
  // The context, if that is why.
  rt::end_signal* ended_by() const noexcept {
    return outcome_ == io_outcome::ended ? under_ : nullptr;
  }
  // Two tasks use one side: worth a clearer text than the error's.
  bool is_busy() const noexcept { return outcome_ == io_outcome::busy; }

 private:
  void wait_outside() noexcept;

  poll_desc* desc_;
  rt::end_signal* const under_;
  turn turn_;
  io_outcome outcome_;
};

// The slot for a fresh descriptor, with the first reference; null when there is no memory.
poll_desc* open_desc(int fd) noexcept;
// Wakes whoever waits and closes the number (or hands it back in `keep`). False: was closed before.
bool close_desc(poll_desc& desc, int* keep = nullptr) noexcept;
// Gives up the reference of open_desc(), after close_desc().
void release_desc(poll_desc& desc) noexcept;
// False: closed.
bool set_desc_deadline(poll_desc& desc, bool of_read, bool of_write,
                       std::int64_t deadline_ns) noexcept;

}  // namespace weft::np
