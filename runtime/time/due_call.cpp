#include "runtime/time/due_call.hpp"

#include <algorithm>

#include "runtime/base/choose.hpp"
#include "runtime/base/spin_lock.hpp"
#include "runtime/task/park.hpp"
#include "runtime/task/wait.hpp"
#include "runtime/time/timer_heap.hpp"

namespace weft::rt {
namespace {

// Lock order: lock, then the heap's.
struct service {
  spin_lock lock;

  // Under the lock.
  bool is_running =
      false;            // there is a task `timers`, which looks at the heap before it waits or ends
  wait_queue sleeping;  // that task

  timer_heap pending;

  // Of the task `timers` alone.
  due_call* first_due = nullptr;
  due_call* last_due = nullptr;

  service* before = nullptr;  // the one that this one has replaced; constant
};

// Never destroyed: nothing of ours runs in static destruction. Replaced when its task was left as it
// was; the old one stays, because calls that are pending there know it.
constinit atomic<service*> service_slot{nullptr};

service& the_service() noexcept {
  service* it = service_slot.load(std::memory_order_acquire);
  if (it != nullptr) return *it;
  auto* const fresh = new service;
  if (service_slot.compare_exchange_strong(it, fresh, std::memory_order_acq_rel)) return *fresh;
  delete fresh;
  return *it;
}

void note_due(timer_node& timer) noexcept {
  service& s = the_service();
  auto& due = static_cast<due_call&>(timer);
  due.next_due = nullptr;
  (s.first_due != nullptr ? s.last_due->next_due : s.first_due) = &due;
  s.last_due = &due;
}

template <class F>
void for_each_due(service& s, F&& f) noexcept {
  due_call* due = s.first_due;
  s.first_due = s.last_due = nullptr;
  while (due != nullptr) {
    due_call* next = due->next_due;
    f(*due);
    due = next;
  }
}

constexpr std::int64_t latest_ns = never_ns - 1;

// The run ends: who comes after us starts a new task, which is cancelled as soon as it waits.
void drop_all(service& s) noexcept {
  s.lock.lock();
  s.pending.fire_due(latest_ns);
  due_call* const first = s.first_due;
  s.first_due = s.last_due = nullptr;
  s.is_running = false;
  s.lock.unlock();
  for (due_call* due = first; due != nullptr;) {
    due_call* next = due->next_due;
    due->drop(*due);
    due = next;
  }
}

void run_timers(void*) {
  service& s = the_service();
  task& self = *current_task();
  self.set_name("timers");
  for (;;) {
    if (self.cancel.requested()) return drop_all(s);
    s.pending.fire_due(now_ns());
    for_each_due(s, [](due_call& due) { due.call(due); });
    s.lock.lock();
    const std::int64_t next_ns = s.pending.next_ns();
    if (next_ns == never_ns) {
      s.is_running = false;
      s.lock.unlock();
      return;
    }
    wait_node node;
    const wait_result result =
        wait_one_until(s.lock, s.sleeping, node, {wait_reason::sleep, nullptr, nullptr}, next_ns);
    if (result == wait_result::cancelled || result == wait_result::deadlocked) return drop_all(s);
  }
}

wake_up wake_timers_locked(service& s) noexcept {
  const won_waiter won = take_waiter(s.sleeping);
  if (won) won.node->result = wait_result::ok;
  return wake_up(won);
}

// A task that is to become `timers`, unless it is not needed.
class spare_task {
 public:
  spare_task() = default;
  spare_task(const spare_task&) = delete;
  spare_task& operator=(const spare_task&) = delete;
  ~spare_task() {
    if (task_ != nullptr) discard_task(*task_);
  }
  bool exists() const noexcept { return task_ != nullptr; }
  void make() {
    task_ = &allocate_task(1, 1, nullptr);
    task_->run = &run_timers;
  }
  void start() noexcept {
    task* fresh = task_;
    task_ = nullptr;
    start_task(*fresh);
  }

 private:
  task* task_ = nullptr;
};

}  // namespace

bool set_due_call(due_call& what, std::int64_t when_ns) {
  service& s = the_service();
  spare_task spare;
  s.lock.lock();
  while (!s.is_running && !spare.exists()) {
    s.lock.unlock();
    spare.make();
    s.lock.lock();
  }
  const bool was_pending = timer_heap::disarm(what);
  what.fire = &note_due;
  const bool is_earliest = s.pending.arm(what, std::min(when_ns, latest_ns));
  wake_up wake;
  const bool must_start = !s.is_running;
  if (must_start)
    s.is_running = true;
  else if (is_earliest)
    wake = wake_timers_locked(s);
  s.lock.unlock();
  if (must_start) spare.start();
  wake();
  return was_pending;
}

void drop_due_calls() noexcept { drop_all(the_service()); }

void forget_due_calls() noexcept {
  service& old = the_service();
  auto* fresh = new service;
  fresh->before = &old;
  service_slot.store(fresh, std::memory_order_release);
}

bool cancel_due_call(due_call& what) noexcept {
  service& s = the_service();
  wake_up wake;
  s.lock.lock();
  const bool was_pending = timer_heap::disarm(what);
  // It need not be told of a later deadline, but it must not sleep for nothing.
  if (was_pending && s.pending.next_ns() == never_ns) wake = wake_timers_locked(s);
  s.lock.unlock();
  wake();
  return was_pending;
}

}  // namespace weft::rt
