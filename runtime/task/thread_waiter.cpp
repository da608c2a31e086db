#include "runtime/task/thread_waiter.hpp"

#include "runtime/base/futex.hpp"
#include "runtime/task/park.hpp"

namespace weft::rt {

namespace {
// A worker's thread waits as a thread only inside a blocking region, which is counted itself.
void note(outside_event event) noexcept {
  if (this_thread().worker == nullptr) note_outside(event);
}
}  // namespace

thread_waiter::thread_waiter() noexcept : waiter(waiter_kind::thread) {
  note(outside_event::thread_entered);
}

thread_waiter::~thread_waiter() {
  this_thread().foreign = nullptr;
  note(outside_event::thread_left);
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
  // A wait with a deadline ends by itself: the thread still counts as one that may wake others.
  const bool for_good = deadline_ns == futex_no_deadline;
  if (for_good) note(outside_event::thread_parked);
  bool is_ready = true;
  // acquire pairs with ready(): what the waker did is visible.
  while (word_.load(std::memory_order_acquire) == 0) {
    if (futex_wait(word_, 0, deadline_ns) == futex_result::timed_out &&
        word_.load(std::memory_order_acquire) == 0) {
      is_ready = false;
      break;
    }
  }
  if (is_ready) word_.store(0, std::memory_order_relaxed);
  if (for_good) note(outside_event::thread_running);
  return is_ready;
}

void thread_waiter::ready() noexcept {
  word_.store(1, std::memory_order_release);
  futex_wake(word_, 1);
}

}  // namespace weft::rt
