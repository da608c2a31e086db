// Between the two halves of select: what select.cpp and select_locked.cpp do with a case.
#pragma once

#include "runtime/chan/chan_select.hpp"
#include "runtime/task/select_case.hpp"

namespace weft::rt::selecting {

using weft::detail::chan_recv_ops;
using weft::detail::chan_send_ops;
using weft::detail::select_plan;

inline constexpr int few = 16;  // cases for which everything fits on the stack

inline bool can_become_ready(const select_case& c) noexcept {
  return c.ops != nullptr && c.object != nullptr;
}

[[gnu::always_inline]] inline bool looks_ready(const select_case& c) noexcept {
  if (c.ops == &chan_recv_ops) return chan_recv_looks_ready(c);
  if (c.ops == &chan_send_ops) return chan_send_looks_ready(c);
  return c.ops->looks_ready(c);
}

[[gnu::always_inline]] inline select_poll poll_locked(select_case& c, wake_up& wake) noexcept {
  if (c.ops == &chan_recv_ops) return chan_recv_poll_locked(c, wake);
  if (c.ops == &chan_send_ops) return chan_send_poll_locked(c, wake);
  return c.ops->poll_locked(c, wake);
}

[[gnu::always_inline]] inline spin_lock& lock_of(const select_case& c) noexcept {
  if (c.ops == &chan_recv_ops || c.ops == &chan_send_ops) return chan_of(c).lock;
  return c.ops->lock_of(c.object);
}

// A thing that other threads may change without its lock, unless a poll has failed.
inline bool is_loose(const select_case& c) noexcept { return c.ops->thaw_locked != nullptr; }

inline void thaw_locked(select_case& c) noexcept {
  if (is_loose(c)) c.ops->thaw_locked(c);
}

inline void prepare(select_case& c) {
  if (c.operand == nullptr || c.is_prepared) return;
  c.operand->prepare(c);
  c.is_prepared = true;
}

// It was chosen: what finish() needs to know. A value that was sent needs no giving back.
inline void settle(select_case& c, bool is_closed) noexcept {
  c.is_closed = is_closed;
  if (!is_closed) c.is_prepared = false;
}

// Gives back, at the end of a select, the operands that were prepared and not sent.
class operands_guard {
 public:
  operands_guard(select_case* cases, int count) noexcept : cases_(cases), count_(count) {}
  operands_guard(const operands_guard&) = delete;
  operands_guard& operator=(const operands_guard&) = delete;
  ~operands_guard() {
    for (int i = 0; i < count_; ++i) {
      if (!cases_[i].is_prepared) continue;
      cases_[i].operand->unprepare(cases_[i]);
      cases_[i].is_prepared = false;
    }
  }

 private:
  select_case* cases_;
  int count_;
};

// Step 3 of select.cpp: all cases at once, with a wait if need be.
int select_locked(select_case* cases, int count, const select_plan& plan, const void* pc);

}  // namespace weft::rt::selecting
