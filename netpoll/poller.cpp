#include "netpoll/poller.hpp"

#include "netpoll/backend.hpp"
#include "netpoll/backend_epoll.hpp"
#include "netpoll/backend_kqueue.hpp"
#include "netpoll/poll_pool.hpp"
#include "runtime/task/thread_waiter.hpp"
#include "runtime/task/wait.hpp"

namespace weft::np {
namespace {

constexpr int batch_size = 128;

struct poller_state {
  backend* chosen = nullptr;    // by use_backend(), between runs; null: the system's
  backend* in_use = nullptr;    // constant during a run
  std::uint32_t last_epoch = 0;  // poller_start() only
  // Written by start and stop. Read under a descriptor's lock, whose passing on orders it: stop
  // passes through every descriptor's lock before it closes the backend.
  rt::atomic<std::uint32_t> epoch{0};
  // How many descriptors are registered. Written by whoever registers; a hint for others.
  rt::atomic<std::int64_t> registered{0};
};

constinit poller_state the_poller;

}  // namespace

backend& system_backend() noexcept {
#if defined(__linux__)
  static constinit backend_epoll system;
#else
  static constinit backend_kqueue system;
#endif
  return system;
}

void use_backend(backend* other) noexcept { the_poller.chosen = other; }

std::uint32_t current_epoch() noexcept {
  return the_poller.epoch.load(std::memory_order_relaxed);
}

int poller_start() noexcept {
  WEFT_CHECK(current_epoch() == 0, "one run at a time");
  backend* fresh = the_poller.chosen != nullptr ? the_poller.chosen : &system_backend();
  if (const int error = fresh->open()) return error;
  the_poller.in_use = fresh;
  the_poller.registered.store(0, std::memory_order_relaxed);
  if (++the_poller.last_epoch == 0) ++the_poller.last_epoch;
  the_poller.epoch.store(the_poller.last_epoch, std::memory_order_release);
  return 0;
}

void poller_stop() noexcept {
  WEFT_CHECK(current_epoch() != 0, "a run is stopped that has not been started");
  the_poller.epoch.store(0, std::memory_order_release);
  // A foreign thread may be closing a descriptor and have read the epoch before, or wait in a
  // select.
  for (std::uint32_t i = 0, limit = desc_limit(); i != limit; ++i)
    find_desc(i)->end_run([](rt::waiter& who) { rt::make_ready(who); });
  the_poller.in_use->close();
  the_poller.in_use = nullptr;
  the_poller.registered.store(0, std::memory_order_relaxed);
}

void poller_forget() noexcept {
  if (current_epoch() == 0) return;
  the_poller.epoch.store(0, std::memory_order_relaxed);
  for (std::uint32_t i = 0, limit = desc_limit(); i != limit; ++i)
    find_desc(i)->end_run([](rt::waiter&) {});
  the_poller.in_use->close();  // the child's references to the parent's epoll; no more than that
  the_poller.in_use = nullptr;
}

int add_to_poller(int fd, poll_tag tag) noexcept {
  const int error = the_poller.in_use->add(fd, tag);
  if (error == 0) the_poller.registered.fetch_add(1, std::memory_order_relaxed);
  return error;
}

void remove_from_poller(int fd) noexcept {
  the_poller.in_use->remove(fd);
  the_poller.registered.fetch_sub(1, std::memory_order_relaxed);
}

int poll(std::int64_t timeout_ns, ready_list& out) noexcept {
  io_event events[batch_size];
  const int n = the_poller.in_use->wait(timeout_ns, events, batch_size);
  const std::uint32_t before = out.count;
  const auto wake = [&out](rt::waiter& who) {
    if (who.kind == rt::waiter_kind::task)
      out.push_back(static_cast<rt::task&>(who));
    else
      static_cast<rt::thread_waiter&>(who).ready();
  };
  for (int i = 0; i < n; ++i) {
    poll_desc* desc = find_desc(tag_index(events[i].tag));
    if (desc == nullptr) continue;
    desc->on_event(tag_generation(events[i].tag), events[i].readable, events[i].writable, wake);
  }
  return static_cast<int>(out.count - before);
}

void interrupt() noexcept { the_poller.in_use->interrupt(); }

bool has_descriptors() noexcept {
  return the_poller.registered.load(std::memory_order_relaxed) > 0;
}

}  // namespace weft::np
