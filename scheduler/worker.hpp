// An OS thread that runs tasks: it holds a processor while it does, and none while it sleeps or
// while its task is in a blocking region.
#pragma once

#include <cstdint>
#include <thread>

#include "runtime/base/choose.hpp"
#include "runtime/context/context.hpp"
#include "runtime/task/task.hpp"
#include "scheduler/processor.hpp"
#include "scheduler/thread_parker.hpp"

namespace weft::sched {

// What is left to do for the flow that has just been left, on the stack of the next one: only then
// may somebody else resume it or free it.
enum class after_switch : std::uint8_t {
  nothing,
  unlock,           // parked for one thing: release its lock
  commit,           // parked for several: the winner word decides
  requeue,          // yielded: to the end of the local queue
  requeue_global,   // came back from a blocking region and found no processor
  finish,           // ended: free its stack
};

struct worker {
  // --- constant ---
  std::uint32_t index = 0;

  // --- the worker's thread only ---
  rt::context native;  // the thread's own stack
  after_switch after = after_switch::nothing;
  rt::task* left = nullptr;           // the flow that `after` is about
  rt::spin_lock* left_lock = nullptr;
  rt::winner_word* left_word = nullptr;
  bool searching = false;
  std::int64_t awake_since_ns = 0;  // 0: it has not searched since it was woken
  std::int64_t searched_ns = 0;     // how long it has searched since

  // --- by whoever gives it a processor, before the unpark; otherwise its own thread ---
  processor* p = nullptr;

#if defined(WEFT_FORCED_MIGRATION) && WEFT_FORCED_MIGRATION
  rt::task* first_task = nullptr;  // comes with p
#endif

  // --- under the idle lock; see pinned.cpp ---
  worker* next_pinned = nullptr;
  bool pinned_waits = false;  // sleeps on the stack of its pinned task, without a processor
  bool pinned_ready = false;  // that task was made ready before the thread slept

  // --- under the idle lock ---
  worker* next_spare = nullptr;
  bool is_spare = false;

  thread_parker parker;
  std::thread thread;
};

}  // namespace weft::sched
