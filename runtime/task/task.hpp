// The task record: what a task IS. It lies at the top of the task's own stack, so that a parked
// shallow task touches one page; its memory is type-stable for the length of a run.
//
// From the top of the stack downwards: record, closure, first frame.
//
// States (written by whoever moves the task, read by the report and by cheap consistency checks):
//   unused    the slot has no task. On the stack pool's free list or a processor's stack cache.
//   runnable  in a run queue, a run-next slot or somebody's hands on the way there. Its stack is
//             at rest. Moved to running by the worker that takes it.
//   running   on a worker. Only that worker touches its stack and context.
//   parked    off its stack, its wait node in some queue (or its winner word open). Moved to
//             runnable by the one who unlinked the node or won the word: ready().
//   in_place  the same of a pinned task, whose OS thread sleeps on its stack (scheduler/pinned.cpp).
//   abandoned its run has ended without it (main_exit::abandon): it stays as it is for ever, because
//             wait nodes of its may still be linked somewhere. ready() drops it.
//   finished  its last switch is under way; the next flow on that worker frees the stack.
#pragma once

#include <cstddef>
#include <cstdint>

#include "runtime/base/atomic.hpp"
#include "runtime/context/context.hpp"
#include "runtime/task/cancel_state.hpp"
#include "runtime/task/wait_site.hpp"
#include "runtime/task/waiter.hpp"

namespace weft::sched {
struct worker;
}

namespace weft::rt {

enum class task_state : std::uint8_t {
  unused,
  runnable,
  running,
  parked,
  finished,
  in_place,
  abandoned,
};

inline constexpr std::size_t max_task_name = 31;

inline constexpr std::uint32_t task_stamp = 0x7745'f71d;

// So that the context comes first.
struct task_context {
  context ctx;
};

// Three cache lines: a wave of 10,000 tasks finds none of them warm, so what a spawn, a switch and a
// wake-up touch is packed.
struct task : task_context, waiter {
  task() noexcept : waiter(waiter_kind::task) {}

  // --- the second line (the context is the first): what a spawn and a wake-up touch ---
  atomic<task_state> state{task_state::unused};
  // Owner only.
  bool ended_early : 1 = false;  // this_task::exit or cancelled, join() says so
  bool ending : 1 = false;       // its task_local values are being destroyed
  bool in_group : 1 = false;     // it runs as a member of a group: see `closure`
  std::uint8_t pins = 0;         // weft::pin_thread guards, nested
  std::uint32_t stamp = task_stamp;  // memory of a fresh slot is zero: not a record yet
  task* next = nullptr;  // owner of the list it is on: a batch, the poller's result
  // Owner only; who makes it ready reads it. Non-null: may run on that worker's thread only.
  sched::worker* pinned_to = nullptr;
  cancel_state<wait_site> cancel;

  // Constant while the task lives.
  void (*run)(void* closure) = nullptr;  // calls the closure and destroys it
  void* closure = nullptr;  // while in_group: its group_core::member

  // --- the third line ---
  std::uint64_t id = 0;
  const void* spawn_pc = nullptr;  // return address of the spawn, in the user's code
  std::uint64_t parent_id = 0;     // 0: spawned by a foreign thread

  // Owner only; the report reads them when the task is at rest.
  void* locals = nullptr;  // local_values, see locals.hpp
  char name[max_task_name + 1] = {};

  // All of the slot's stack, record included.
  stack_span stack() const noexcept {
    return {ctx.stack.lo, const_cast<std::byte*>(reinterpret_cast<const std::byte*>(this + 1))};
  }
};

// Where a stack keeps its record. The memory may be zero (never used, or given back): then `stamp`
// is not task_stamp and state reads as unused.
inline task& record_of(stack_span stack) noexcept {
  const auto top = reinterpret_cast<std::uintptr_t>(stack.hi) - sizeof(task);
  return *reinterpret_cast<task*>(top & ~std::uintptr_t{alignof(task) - 1});
}

}  // namespace weft::rt
