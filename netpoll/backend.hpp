// What a kernel interface must do to serve as the poller's backend.
//
// One instance is in use at a time. open() and close() come from poller_start() and poller_stop();
// the rest comes between them from any thread. A virtual call costs nothing beside the system call
// behind it, and lets a test put its scripted backend (backend_fake.hpp) in.
#pragma once

#include <cstdint>

#include "netpoll/poll_desc.hpp"

namespace weft::np {

// Errors and hang-ups count for both sides: whoever waits tries again and is told by the system.
struct io_event {
  poll_tag tag = 0;
  bool readable = false;
  bool writable = false;
};

class backend {
 public:
  // 0 or the errno value; these and add() and remove().
  virtual int open() noexcept = 0;
  virtual void close() noexcept = 0;

  // From now on each change of fd's readiness is one event with that tag; what is ready already
  // is an event too. Both sides, until remove() or the descriptor is closed.
  virtual int add(int fd, poll_tag tag) noexcept = 0;
  virtual int remove(int fd) noexcept = 0;

  // Fills in up to `capacity` events and returns how many; timeout_ns as np::poll(). Many may call
  // with 0 while one waits.
  virtual int wait(std::int64_t timeout_ns, io_event* out, int capacity) noexcept = 0;

  // See np::interrupt().
  virtual void interrupt() noexcept = 0;

 protected:
  ~backend() = default;
};

// The best that this system has.
backend& system_backend() noexcept;

// For tests, between runs; null: the system's again.
void use_backend(backend* other) noexcept;

// The run that lasts: 1, 2 ... ; 0 between runs. A descriptor remembers in which it was registered.
std::uint32_t current_epoch() noexcept;

// For poll_desc, in a run and under the descriptor's lock.
int add_to_poller(int fd, poll_tag tag) noexcept;
void remove_from_poller(int fd) noexcept;

}  // namespace weft::np
