#include "runtime/task/thread_waiter.hpp"

#include "runtime/base/futex.hpp"
#include "runtime/task/park.hpp"

namespace weft::rt {

thread_waiter::thread_waiter() noexcept
    : waiter(waiter_kind::thread), of_worker_(this_thread().worker != nullptr) {
  note(outside_event::thread_entered);
}

thread_waiter::~thread_waiter() {
  this_thread().foreign = nullptr;
  this_thread().foreign_ended = true;
  note(outside_event::thread_left);
}

void thread_waiter::note(outside_event event) const noexcept {
  if (!of_worker_) note_outside(event);
}

thread_waiter& thread_waiter::here() {
  thread_info& info = this_thread();
  if (info.foreign == nullptr) {
    thread_local thread_waiter self;  // for its destructor at thread exit
    info.foreign = &self;
  }
  return *info.foreign;
}

bool thread_waiter::park(const wait_site&, std::int64_t deadline_ns) noexcept {
  // A wait with a deadline ends by itself: while it lasts the thread is a waker.
  const bool timed = deadline_ns != futex_no_deadline;
  // A destructor of another thread_local of a thread that has been counted off: counted for this wait.
  const bool is_late = this_thread().foreign_ended;
  if (is_late) note(outside_event::thread_entered);
  if (timed) note(outside_event::waker_acquired);
  note(outside_event::thread_parked);
  bool is_ready = true;
  // acquire pairs with ready(): what the waker did is visible.
  while (word_.load(std::memory_order_acquire) == 0) {
    if (futex_wait(word_, 0, deadline_ns) == futex_result::timed_out &&
        word_.load(std::memory_order_acquire) == 0) {
      is_ready = false;
      break;
    }
  }
  if (is_ready)
    word_.store(0, std::memory_order_relaxed);
  else
    note(outside_event::thread_running);
  if (timed) note(outside_event::waker_released);
  if (is_late) note(outside_event::thread_left);
  return is_ready;
}

void thread_waiter::ready() noexcept {
  // Counted as running by the waker, before the thread can run: were it counted by itself, its waker
  // could fall asleep in between and everybody would seem to be.
  note(outside_event::thread_running);
  word_.store(1, std::memory_order_release);
  futex_wake(word_, 1);
}

}  // namespace weft::rt
