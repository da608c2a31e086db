// A task's birth and end.
#include <sched.h>

#include <cerrno>
#include <new>
#include <string>
#include <system_error>

#include "runtime/base/asymmetric_fence.hpp"
#include "runtime/base/check.hpp"
#include "runtime/base/futex.hpp"
#include "runtime/debug/panic.hpp"
#include "runtime/task/locals.hpp"
#include "runtime/task/park.hpp"
#include "runtime/task/task_end.hpp"
#include "runtime/task/wait.hpp"
#include "scheduler/scheduler.hpp"

#include <weft/error.hpp>

namespace weft::sched {
namespace {

// Ids are given out in blocks, so that spawning writes no line that processors share.
constexpr std::uint64_t id_block = 16;

std::uint64_t next_id(processor* p) noexcept {
  scheduler& s = the_scheduler();
  if (p == nullptr) return s.next_id_block.fetch_add(1, std::memory_order_relaxed);
  if (p->next_id == p->end_id) {
    p->next_id = s.next_id_block.fetch_add(id_block, std::memory_order_relaxed);
    p->end_id = p->next_id + id_block;
  }
  return p->next_id++;
}

void run_body(rt::task& self) noexcept {
  try {
    self.run(self.closure);
  } catch (const task_cancelled&) {
    self.ended_early = true;
  } catch (const deadlocked&) {
    self.ended_early = true;
  } catch (const rt::exit_request&) {
    self.ended_early = true;
  } catch (...) {
    rt::panic(self);
  }
}

void task_entry(void* arg) {
  finish_switch();
  rt::task& self = *static_cast<rt::task*>(arg);
  run_body(self);
  rt::end_locals(self);
  self.cancel.finish();
  leave_for_ever(self);
}

rt::stack_span take_stack(processor* p, rt::stack_failure& why) noexcept {
  if (p == nullptr) return rt::stack_pool::of_class(rt::task_stack_class).allocate(&why);
  const rt::stack_span span = p->stacks.take();
  if (!span) why = p->stacks.last_failure();
  return span;
}

// A thread outside says that it spawns. False: it may not.
bool begin_outside(scheduler& s) noexcept {
  // seq_cst pairs with close_the_door(): it sees us, or we see that it is closed.
  s.spawning.fetch_add(1, std::memory_order_seq_cst);
  if (s.now_in.load(std::memory_order_seq_cst) == phase::running) return true;
  s.spawning.fetch_sub(1, std::memory_order_seq_cst);
  return false;
}

void end_outside(scheduler& s) noexcept {
  const bool was_running = s.now_in.load(std::memory_order_relaxed) == phase::running;
  s.spawning.fetch_sub(1, std::memory_order_seq_cst);
  // It may have kept a check from its verdict. After the last line a run may end and another begin:
  // the check is harmless then.
  if (was_running) check_deadlock();
}

// The processor of the calling thread, if it has one.
processor* processor_here(const rt::thread_info& here) noexcept {
  return here.worker != nullptr ? here.worker->p : nullptr;
}

}  // namespace

std::uint64_t live_tasks() noexcept {
  scheduler& s = the_scheduler();
  // Ended ones first: what is counted as spawned afterwards can only make the difference too large.
  std::uint64_t ended = 0;
  const std::uint32_t known = known_processors();
  for (std::uint32_t i = 0; i < known; ++i)
    ended += s.processors[i].count.finished.get();
  rt::atomic_thread_fence(std::memory_order_acquire);
  // acquire pairs with start_task(): see all_asleep_locked().
  std::uint64_t born = s.spawned_outside.load(std::memory_order_acquire);
  const std::uint32_t known_later = known_processors();
  for (std::uint32_t i = 0; i < known_later; ++i)
    born += s.processors[i].count.spawned.get();
  return born - ended;
}

void note_task_gone() noexcept {
  scheduler& s = the_scheduler();
  rt::asymmetric_light("spawn.gone");  // pairs with wait_for_last_task(): the flag or the count is seen
  if (!s.watch_live.load(std::memory_order_relaxed)) return;
  // Of two that end at the same time on two workers one sees the other's count.
  rt::atomic_thread_fence(std::memory_order_seq_cst);
  if (live_tasks() != 0) return;
  s.live_zero.store(1, std::memory_order_release);
  rt::futex_wake(s.live_zero, 1);
}

bool close_the_door(phase otherwise) noexcept {
  scheduler& s = the_scheduler();
  s.now_in.store(phase::closing, std::memory_order_seq_cst);
  // They are between two calls, in the copy constructors of what the task is given.
  while (s.spawning.load(std::memory_order_seq_cst) != 0) ::sched_yield();
  if (live_tasks() == 0) return true;
  s.now_in.store(otherwise, std::memory_order_seq_cst);
  if (otherwise == phase::running) check_deadlock();  // one that came meanwhile was left out
  return false;
}

}  // namespace weft::sched

namespace weft::rt {

#if !defined(WEFT_FORCED_MIGRATION) || !WEFT_FORCED_MIGRATION
static_assert(!WEFT_CONTEXT_INLINE || sizeof(task) == 192, "three lines, see task.hpp");
#endif

using sched::phase;
using sched::processor;
using sched::scheduler;

task& allocate_task(std::size_t closure_size, std::size_t closure_align, const void* spawn_pc) {
  scheduler& s = sched::the_scheduler();
  thread_info& here = this_thread();
  processor* p = sched::processor_here(here);
  const bool from_outside = here.worker == nullptr;
  if (from_outside && !sched::begin_outside(s))
    throw error(s.forked ? "weft: a task was spawned in a forked process: the runtime is its "
                           "parent's, a child needs a weft::run or weft::start of its own"
                         : "weft: a task was spawned while no runtime runs: call weft::run or "
                           "weft::start first");

  stack_failure why;
  const stack_span span = sched::take_stack(p, why);
  if (!span) {
    if (from_outside) sched::end_outside(s);
    throw std::system_error(why.error != 0 ? why.error : ENOMEM, std::generic_category(),
                            "weft: no stack for a new task: " + why.text());
  }

  task& fresh = record_of(span);
  if (!fresh.is_marked()) {
    new (&fresh) task;
    fresh.mark();
  }
  fresh.id = sched::next_id(p);
  fresh.parent_id = here.current != nullptr ? here.current->id : 0;
  fresh.spawn_pc = spawn_pc;
  fresh.name[0] = '\0';
  fresh.ended_early = false;
  fresh.locals = nullptr;
#if defined(WEFT_FORCED_MIGRATION) && WEFT_FORCED_MIGRATION
  fresh.ran_on = nullptr;
#endif
  fresh.next = nullptr;

  auto top = reinterpret_cast<std::uintptr_t>(&fresh);
  top = (top - closure_size) & ~(std::uintptr_t{closure_align < 16 ? 16 : closure_align} - 1);
  fresh.closure = reinterpret_cast<void*>(top);
  context_make(fresh.ctx, {span.lo, reinterpret_cast<std::byte*>(top)}, &sched::task_entry, &fresh);
  WEFT_DCHECK(fresh.stack() == span, "the record ends where the stack ends");
  return fresh;
}

void start_task(task& fresh) noexcept {
  scheduler& s = sched::the_scheduler();
  thread_info& here = this_thread();
  processor* p = sched::processor_here(here);
  fresh.state.store(task_state::runnable, std::memory_order_relaxed);
  fresh.cancel.start();
  // Pairs with cancel_leftovers(): it sees this task, or we see that it has begun.
  asymmetric_light("spawn.start");
  if (s.now_in.load(std::memory_order_relaxed) >= phase::draining) [[unlikely]]
    if (s.opts.on_main_exit == main_exit::cancel) cancel_task(fresh);
  if (p != nullptr) {
    p->count.spawned.add();
    sched::push_next(*here.worker, fresh);
  } else {
    // release: see live_tasks().
    s.spawned_outside.fetch_add(1, std::memory_order_release);
    sched::inject(fresh);
    if (here.worker == nullptr) sched::end_outside(s);
  }
}

void discard_task(task& fresh) noexcept {
  context_destroy(fresh.ctx);
  const stack_span span = fresh.stack();
  thread_info& here = this_thread();
  if (processor* p = sched::processor_here(here))
    p->stacks.give(span);
  else
    stack_pool::of_class(task_stack_class).release(span);
  if (here.worker == nullptr) sched::end_outside(sched::the_scheduler());
}

}  // namespace weft::rt
