// The poller as the scheduler sees it: descriptors in, ready tasks out. Nothing else of netpoll is
// for the scheduler, and netpoll never touches a run queue: poll() hands the tasks over.
//
// A descriptor is registered by the first task that waits for it in a run and stays registered
// until it is closed; events are edge-triggered. A foreign thread that waits for a descriptor
// blocks in poll(2) by itself and does not need any of this.
#pragma once

#include <cstdint>

#include "runtime/base/choose.hpp"
#include "runtime/task/task.hpp"

namespace weft::np {

// Tasks whose wait has ended, in the order of their events, linked through task::next. They are off
// their stacks, in nobody else's hands and still in state parked: whoever holds the list makes each
// of them runnable exactly once.
struct ready_list {
  rt::task* head = nullptr;
  rt::task* tail = nullptr;
  std::uint32_t count = 0;

  bool empty() const noexcept { return head == nullptr; }

  void push_back(rt::task& ready) noexcept {
    ready.next = nullptr;
    (tail != nullptr ? tail->next : head) = &ready;
    tail = &ready;
    ++count;
  }
};

// Begins a run; 0 or the errno value. Not while another run lasts.
int poller_start() noexcept;

// Ends it. No task waits any more and no thread is inside poll() or interrupt(). Descriptors stay
// open and may be used in the next run.
void poller_stop() noexcept;

// Around a fork(). In the child, before the first poller_start(): forgets the parent's run, its
// waiters and its registrations.
void pool_lock_for_fork() noexcept;
void pool_unlock_after_fork() noexcept;
void poller_forget() noexcept;

// Looks for events and appends the tasks that became ready to `out` (foreign threads and selects
// that have not parked are dealt with here); returns how many were appended. timeout_ns: 0 looks,
// rt::never_ns waits for ever; other values wait at most about so long, rounded up.
// May return early with nothing (interrupt(), a signal): look at the clock and come again.
// Between start and stop; any thread; any number may look with 0 while at most one waits.
int poll(std::int64_t timeout_ns, ready_list& out) noexcept;

// Makes the poll() that waits return; if nobody waits, the next one that would wait returns at
// once. What the caller wrote before is visible after a poll() that returned for it. Calls that
// come before that are coalesced. Between start and stop; any thread.
void interrupt() noexcept;

// False: no descriptor is registered, so a look would find nothing. A hint unless nothing runs.
bool has_descriptors() noexcept;

}  // namespace weft::np
