// Between the two halves of select: what select.cpp and select_locked.cpp do with a case.
#pragma once

#include <exception>

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

inline bool needs_preparing(const select_case& c) noexcept {
  return c.operand != nullptr && !c.is_prepared;
}

inline void prepare(select_case& c) {
  if (!needs_preparing(c)) return;
  c.operand->prepare(c);
  c.is_prepared = true;
}

// The operands of a select: prepared when they are needed, given back at its end if they were not
// sent.
//
// Several cases may move from one object ("send it to whoever takes it first"): one of them takes it
// into its cell, the others share that. A case may also copy the object that another moves from: so
// nothing is moved before everything is copied, and moves are undone last first.
class select_operands {
 public:
  select_operands(select_case* cases, int count, const select_plan& plan) noexcept
      : cases_(cases), count_(count), plan_(plan) {}
  select_operands(const select_operands&) = delete;
  select_operands& operator=(const select_operands&) = delete;
  ~select_operands() { give_back(); }

  // Of all cases that it says yes to and that are not prepared yet.
  template <class Wanted>
  void prepare_those(Wanted wanted) {
    bool moves = false;
    for (int i = 0; i < count_; ++i) {
      select_case& c = cases_[i];
      if (!needs_preparing(c) || !wanted(c)) continue;
      if (c.operand->source(c) != nullptr)
        moves = true;
      else
        prepare(c);
    }
    for (int i = 0; moves && i < count_; ++i) {
      select_case& c = cases_[i];
      if (!needs_preparing(c) || !wanted(c)) continue;
      if (const select_case* holder = holder_of_source(c)) {
        c.cell = holder->cell;
        c.shares = c.is_prepared = true;
      } else {
        prepare(c);
      }
    }
  }

  // It was chosen: what finish() needs to know. A value that was sent needs no giving back.
  void settle(select_case& c, bool is_closed) noexcept {
    c.is_closed = is_closed;
    if (is_closed) return;
    if (c.shares) {
      for (int i = 0; i < count_; ++i) {
        select_case& holder = cases_[i];
        if (!holder.is_prepared || holder.shares || holder.cell != c.cell) continue;
        holder.operand->sent(holder);
        holder.is_prepared = false;
      }
    }
    c.is_prepared = false;
  }

  void give_back() noexcept {
    for (int i = count_; i-- > 0;) {
      select_case& c = cases_[i];
      if (c.is_prepared && !c.shares) unprepare(c);
      c.is_prepared = c.shares = false;
    }
  }

 private:
  // The prepared case that has moved from the object that c moves from.
  const select_case* holder_of_source(const select_case& c) const noexcept {
    const void* source = c.operand->source(c);
    for (int i = 0; i < count_; ++i) {
      const select_case& other = cases_[i];
      if (!other.is_prepared || other.shares || other.operand->source(other) != source) continue;
      if (chan_of(other).type == chan_of(c).type) return &other;  // not a part of the object
    }
    return nullptr;
  }

  void unprepare(select_case& c) const noexcept {
    try {
      c.operand->unprepare(c);
    } catch (...) {
      if (plan_.lost == nullptr) plan_.lost = new std::exception_ptr(std::current_exception());
    }
  }

  select_case* cases_;
  int count_;
  const select_plan& plan_;
};

// Step 3 of select.cpp: all cases at once, with a wait if need be.
int select_locked(select_case* cases, int count, const select_plan& plan, const void* pc);

}  // namespace weft::rt::selecting
