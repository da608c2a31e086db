// Why a task is parked: what the deadlock report and dumps print between brackets.
#pragma once

#include <cstdint>

namespace weft::rt {

enum class wait_reason : std::uint8_t {
  none,
  chan_send,
  chan_receive,
  nil_chan_send,
  nil_chan_receive,
  select,
  empty_select,
  sleep,
  join,
  mutex_lock,
  shared_mutex_lock,
  shared_mutex_lock_shared,
  condition_wait,
  wait_group_wait,
  semaphore_acquire,
  once_call,
  barrier_wait,
  group_wait,
  context_done,
  io_read,
  io_write,
  io_accept,
  io_connect,
};

// Whether somebody waits for a descriptor.
constexpr bool is_io(wait_reason reason) noexcept {
  return reason >= wait_reason::io_read && reason <= wait_reason::io_connect;
}

constexpr const char* to_text(wait_reason reason) noexcept {
  switch (reason) {
    case wait_reason::none: return "running";
    case wait_reason::chan_send: return "chan send";
    case wait_reason::chan_receive: return "chan receive";
    case wait_reason::nil_chan_send: return "chan send (nil chan)";
    case wait_reason::nil_chan_receive: return "chan receive (nil chan)";
    case wait_reason::select: return "select";
    case wait_reason::empty_select: return "select (no cases)";
    case wait_reason::sleep: return "sleep";
    case wait_reason::join: return "join";
    case wait_reason::mutex_lock: return "mutex lock";
    case wait_reason::shared_mutex_lock: return "shared_mutex lock";
    case wait_reason::shared_mutex_lock_shared: return "shared_mutex lock_shared";
    case wait_reason::condition_wait: return "condition wait";
    case wait_reason::wait_group_wait: return "wait_group wait";
    case wait_reason::semaphore_acquire: return "semaphore acquire";
    case wait_reason::once_call: return "once call";
    case wait_reason::barrier_wait: return "barrier wait";
    case wait_reason::group_wait: return "group wait";
    case wait_reason::context_done: return "context done";
    case wait_reason::io_read: return "io read";
    case wait_reason::io_write: return "io write";
    case wait_reason::io_accept: return "io accept";
    case wait_reason::io_connect: return "io connect";
  }
  return "?";
}

// Waits that the outside world can end: they prevent a deadlock verdict.
constexpr bool ended_by_io(wait_reason reason) noexcept { return reason >= wait_reason::io_read; }

}  // namespace weft::rt
