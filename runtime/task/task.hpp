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
#include <string_view>

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
  // task_stamp once the record is made, by mark(); memory of a fresh slot is zero. No constructor
  // writes it: others look at it meanwhile.
  std::uint32_t stamp;
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
#if defined(WEFT_FORCED_MIGRATION) && WEFT_FORCED_MIGRATION
  sched::worker* ran_on = nullptr;  // whose thread it ran on last; by who dispatches it
#endif

  // Owner only; the report reads them when the task is at rest.
  void* locals = nullptr;  // local_values, see locals.hpp
  // Written by the task byte by byte with set_name(), read so by reports.
  char name[max_task_name + 1] = {};

  // All of the slot's stack, record included.
  stack_span stack() const noexcept {
    return {ctx.stack.lo, const_cast<std::byte*>(reinterpret_cast<const std::byte*>(this + 1))};
  }
  // Release and acquire: who sees the mark sees a record whose atomics are there.
  void mark() noexcept { __atomic_store_n(&stamp, task_stamp, __ATOMIC_RELEASE); }
  bool is_marked() const noexcept {
    return __atomic_load_n(&stamp, __ATOMIC_ACQUIRE) == task_stamp;
  }
  void set_name(std::string_view text) noexcept;  // cut after max_task_name bytes
  std::string_view copy_name(char (&to)[max_task_name + 1]) const noexcept;
};

inline void task::set_name(std::string_view text) noexcept {
  const std::size_t length = text.size() < max_task_name ? text.size() : max_task_name;
  for (std::size_t i = 0; i < length; ++i) __atomic_store_n(&name[i], text[i], __ATOMIC_RELAXED);
  __atomic_store_n(&name[length], '\0', __ATOMIC_RELAXED);
}

inline std::string_view task::copy_name(char (&to)[max_task_name + 1]) const noexcept {
  std::size_t length = 0;
  while (length < max_task_name &&
         (to[length] = __atomic_load_n(&name[length], __ATOMIC_RELAXED)) != '\0')
    ++length;
  return {to, length};
}

// Where a stack keeps its record. The memory may be zero (never used, or given back): then it is
// not marked, and state reads as unused.
inline task& record_of(stack_span stack) noexcept {
  const auto top = reinterpret_cast<std::uintptr_t>(stack.hi) - sizeof(task);
  return *reinterpret_cast<task*>(top & ~std::uintptr_t{alignof(task) - 1});
}

}  // namespace weft::rt
