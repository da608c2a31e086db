// What fork() does to a process with weft in it.
//
// Only the thread that forks lives on in the child: no worker, no poller, no monitor. So the child has
// no runtime, whatever the parent has. There
//   - the thread is a plain OS thread, also if it was running a task: channels, locks and waits work
//     as on a foreign thread, between threads of the child;
//   - what needs the runtime throws weft::error that says so; run() or start() make a fresh runtime,
//     also on the stack of what was a task (this_task::id() is 0 there);
//   - tasks of the parent are dropped as they are, as main_exit::abandon does; a task's function must
//     not return there: fatal. Leave by exec, _exit or exit.
// What another thread was in the middle of at that moment (the inside of a channel, say) stays as it
// is, as with std::mutex. Our own pools, which a fresh runtime needs, are locked around the fork.
//
// The child's part is short and takes no lock, as most children only exec; the rest is left to
// run().
#include <pthread.h>

#include <new>

#include "netpoll/poller.hpp"
#include "runtime/debug/signals.hpp"
#include "runtime/stack/stack_pool.hpp"
#include "runtime/task/this_thread.hpp"
#include "runtime/time/due_call.hpp"
#include "scheduler/scheduler.hpp"

namespace weft::sched {
namespace {

void before_fork() {
  for (std::size_t i = 0; i < rt::stack_class_count; ++i)
    rt::stack_pool::of_class(i).lock_for_fork();
  np::pool_lock_for_fork();
}

void after_fork_in_parent() {
  np::pool_unlock_after_fork();
  for (std::size_t i = rt::stack_class_count; i-- > 0;)
    rt::stack_pool::of_class(i).unlock_after_fork();
}

void after_fork_in_child() {
  after_fork_in_parent();
  scheduler& s = the_scheduler();
  const bool had_runtime = s.now_in.load(std::memory_order_relaxed) != phase::off;
  // Objects that stand for a waker were copied with the memory; of the threads one is left.
  const std::int64_t wakers = s.outside.look().wakers;
  rt::thread_info& here = rt::this_thread();
  if (had_runtime) {
    // Over what was there: it belongs to threads that are gone and cannot be given back.
    ::new (static_cast<void*>(&s)) scheduler;
    s.forked = true;
    monitor_forget();
    here.worker = nullptr;
    here.current = nullptr;
    here.in_blocking = nullptr;
  }
  s.outside.reset(here.foreign != nullptr ? 1 : 0, 0, wakers);
  s.spawning.store(0, std::memory_order_relaxed);
  s.waking_outside.store(0, std::memory_order_relaxed);
}

}  // namespace

void watch_forks() noexcept {
  static constinit rt::atomic<bool> registered{false};
  if (!registered.exchange(true, std::memory_order_relaxed))
    (void)pthread_atfork(&before_fork, &after_fork_in_parent, &after_fork_in_child);
}

void clean_up_after_fork() noexcept {
  scheduler& s = the_scheduler();
  s.forked = false;
  rt::signals_remove();
  rt::stack_pool::of_class(rt::task_stack_class).for_each([](rt::stack_span span) {
    rt::task& task = rt::record_of(span);
    if (!task.is_marked() || !task.cancel.is_live()) return;
    task.state.store(rt::task_state::abandoned, std::memory_order_relaxed);
    // Somebody may have been looking at it: nothing of what that left is to be waited for.
    ::new (static_cast<void*>(&task.cancel)) rt::cancel_state<rt::wait_site>;
  });
  s.global.forget();
  rt::forget_due_calls();
  np::poller_forget();
}

}  // namespace weft::sched
