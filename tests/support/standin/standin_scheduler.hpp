// A single-threaded scheduler for unit tests: defines park.hpp's functions, so that channels, select,
// locks and pollers run deterministically. Linked instead of scheduler/ (weft_standin_tests).
//
// standin::run(f) runs f as the first task on the calling thread and returns when no task is left.
// Tasks run in the order in which they became ready (or in a random order, see options). Nobody is
// preempted. Time passes only when nothing is runnable: then the earliest timer fires, without a
// wait. When nothing can wake a task any more, all parked tasks get weft::deadlocked, and run() says
// so. Other threads may ready tasks; run() waits for them as long as `outside` is held.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#include "runtime/task/park.hpp"

namespace standin {

struct options {
  std::uint64_t seed = 1;      // of select's choices, and of the order of tasks
  bool shuffle = false;        // take a random runnable task, not the oldest
  std::function<bool()> idle;  // called before timers when nothing is runnable: a poller; true: go on
};

struct outcome {
  bool deadlocked = false;
  std::uint64_t switches = 0;     // how often a task was resumed
  std::uint64_t tasks = 0;        // how many there were
  std::int64_t longest_wait_ns = 0;  // of the timers that fired: how far after the first moment
};

outcome run(std::function<void()> f, options o = {});

// For tasks: how many could run now, besides the caller.
std::size_t runnable();
// Yields until all others are parked.
void settle();

// While one exists run() waits for other threads instead of calling it a deadlock.
class outside {
 public:
  outside();
  ~outside();
  outside(const outside&) = delete;
  outside& operator=(const outside&) = delete;
};

// Spawns a task that runs f.
template <class F>
weft::rt::task& go(F&& f) {
  using closure = std::decay_t<F>;
  weft::rt::task& fresh =
      weft::rt::allocate_task(sizeof(closure), alignof(closure), __builtin_return_address(0));
  ::new (fresh.closure) closure(std::forward<F>(f));
  fresh.run = [](void* at) {
    auto& body = *static_cast<closure*>(at);
    struct end {
      closure& c;
      ~end() { c.~closure(); }
    } at_end{body};
    body();
  };
  weft::rt::start_task(fresh);
  return fresh;
}

}  // namespace standin
