// Descriptors in a select. The look is a poll(2) that does not wait, made under the locks of all
// cases: a microsecond, and the moment at which no case was ready is a real one.
#include <poll.h>

#include <weft/error.hpp>
#include <weft/net/select.hpp>
#include "netpoll/backend.hpp"
#include "netpoll/poll_desc.hpp"
#include "runtime/task/park.hpp"
#include "runtime/task/select_case.hpp"

namespace weft::np {
namespace {

struct looking_env {
  std::uint32_t epoch() const noexcept { return current_epoch(); }
  int add(int fd, poll_tag tag) const noexcept { return add_to_poller(fd, tag); }
  bool is_ready(int fd, side which) const noexcept {
    pollfd one{fd, static_cast<short>(which == side::read ? POLLIN : POLLOUT), 0};
    return ::poll(&one, 1, 0) != 0;
  }
};

poll_desc& desc_of(const rt::select_case& c) noexcept { return *static_cast<poll_desc*>(c.object); }

rt::spin_lock& lock_of(void* object) noexcept { return static_cast<poll_desc*>(object)->lock(); }

// Without the lock the number may be closed and be somebody else's.
bool looks_ready(const rt::select_case&) noexcept { return true; }

template <side Which>
rt::select_poll poll_locked(rt::select_case& c, rt::wake_up&) noexcept {
  looking_env env;
  return desc_of(c).is_ready_locked(Which, env) ? rt::select_poll::done
                                                : rt::select_poll::not_ready;
}

template <side Which>
void enqueue_locked(rt::select_case& c, rt::wait_node& node) noexcept {
  rt::io_wait_begin();
  desc_of(c).enqueue_locked(Which, node);
}

template <side Which>
void dequeue_locked(rt::select_case& c, rt::wait_node& node) noexcept {
  desc_of(c).dequeue_locked(Which, node);
  rt::io_wait_end();
}

template <side Which>
constexpr rt::select_ops ops_of(rt::wait_reason reason) noexcept {
  return {reason,
          &lock_of,
          &looks_ready,
          &poll_locked<Which>,
          &enqueue_locked<Which>,
          &dequeue_locked<Which>,
          nullptr};
}

constexpr rt::select_ops readable_ops = ops_of<side::read>(rt::wait_reason::io_read);
constexpr rt::select_ops writable_ops = ops_of<side::write>(rt::wait_reason::io_write);

void arm(rt::select_case& to, const weft::detail::net_descriptor& of, const rt::select_ops& ops) {
  if (current_epoch() == 0)
    throw error("weft: a select with a connection needs a runtime that runs");
  to.ops = &ops;
  to.object = of.get();
}

}  // namespace
}  // namespace weft::np

namespace weft::detail {

void arm_readable(select_case& to, const net_descriptor& of) { np::arm(to, of, np::readable_ops); }
void arm_writable(select_case& to, const net_descriptor& of) { np::arm(to, of, np::writable_ops); }

}  // namespace weft::detail
