// Tasks that remain when main has returned: cancelled, or dropped as they are.
#include <sched.h>

#include <memory>

#include "runtime/base/asymmetric_fence.hpp"
#include "runtime/stack/stack_pool.hpp"
#include "runtime/task/wait.hpp"
#include "runtime/task/wait_site.hpp"
#include "runtime/time/due_call.hpp"
#include "scheduler/scheduler.hpp"

namespace weft::sched {
namespace {

template <class F>
void for_each_live_task(F&& f) {
  rt::stack_pool::of_class(rt::task_stack_class).for_each([&](rt::stack_span span) {
    rt::task& task = rt::record_of(span);
    if (task.is_marked() && task.cancel.is_live()) f(task);
  });
}

// How often its wait has said io_wait_begin().
std::int32_t io_waits(const rt::wait_site& site) noexcept {
  if (rt::is_io(site.place.reason)) return 1;
  std::int32_t count = 0;
  for (std::uint32_t i = 0; i < site.case_count; ++i)
    if (rt::is_io(site.cases[i].reason)) ++count;
  return count;
}

// Its stack is lost: nodes on it may still be linked, and whoever comes across them finds them won.
void drop(rt::task& task) noexcept {
  task.state.store(rt::task_state::abandoned, std::memory_order_relaxed);
  task.cancel.finish();
  rt::context_destroy(task.ctx);
}

// Workers of dropped pinned tasks. Under the idle lock.
worker* lost_workers = nullptr;

// Who has ended its wait may still be about to tell its worker.
void drop_pinned(scheduler& s, const rt::task& task) noexcept {
  rt::spin_guard guard(s.idle_lock);
  for (std::unique_ptr<worker>& w : s.workers) {
    if (w.get() != task.pinned_to) continue;
    w->next_spare = lost_workers;
    lost_workers = w.release();
  }
}

std::uint64_t drop_queued(scheduler& s) noexcept {
  std::uint64_t count = 0;
  rt::task* next = nullptr;
  while (s.global.pop(&next, 1) != 0) {
    if (const rt::wait_site* site = next->cancel.site_hint())
      s.io_waiting.fetch_sub(io_waits(*site), std::memory_order_relaxed);
    drop(*next);
    ++count;
  }
  return count;
}

}  // namespace

void cancel_leftovers() noexcept {
  // Heavy fence: a task that starts now sees the phase and cancels itself, or we see it.
  rt::asymmetric_heavy("run.cancel_leftovers");
  for_each_live_task([](rt::task& task) { rt::cancel_task(task); });
}

// A task that lives is at rest now: in a queue, or in a wait, or a foreign thread has ended its wait
// and is about to queue it.
void drop_leftovers() noexcept {
  scheduler& s = the_scheduler();
  for (std::uint32_t i = 0, known = known_processors(); i < known; ++i) {
    processor& p = s.processors[i];
    if (rt::task* next = p.front.take_next()) s.global.push(*next);
    if (rt::task* next = p.front.take_first()) s.global.push(*next);
    while (rt::task* next = p.queue.pop()) s.global.push(*next);
    p.timers.forget_all();
  }
  std::uint64_t left = live_tasks();
  if (left != 0) {
    left -= drop_queued(s);
    for_each_live_task([&](rt::task& task) {
      bool is_ours = false;
      task.cancel.inspect([&](rt::wait_site& site) {
        is_ours = rt::drop_wait(site);
        if (is_ours) s.io_waiting.fetch_sub(io_waits(site), std::memory_order_relaxed);
      });
      if (task.pinned_to != nullptr)
        drop_pinned(s, task);
      else if (!is_ours)
        return;
      drop(task);
      --left;
    });
    while (left != 0) {
      left -= drop_queued(s);
      ::sched_yield();
    }
    rt::drop_due_calls();
  }
  s.spawned_outside.store(0, std::memory_order_relaxed);
}

}  // namespace weft::sched
