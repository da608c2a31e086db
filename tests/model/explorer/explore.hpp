// The explorer: runs a small concurrent program under every schedule and every stale read that the
// memory model allows, within bounds, and says how it can fail.
//
//   model::explore({.preemptions = 2}, [] {
//     auto& q = model::make<queue>();
//     model::thread("producer", [&q] { q.push(1); });
//     model::thread("consumer", [&q] { q.pop(); });
//     model::join_all();
//     model::check(q.empty(), "nothing is left");
//   });
//
// The body runs once an execution, as the model's main thread. It must do the same thing each time
// it is given the same choices: no clock, no random numbers, no state kept between executions.
// Executions are replayed from the start, depth first over the trail of choices; every choice
// (which thread goes on, which store a load returns, choose()) is a number in that trail.
//
// Failures: a check that does not hold, fatal() or WEFT_CHECK in the code under test, a data race
// on an rt::plain, an atomic used before its initialisation is known or after its end, threads that
// wait for ever (deadlock, lost wake-up), and executions that do not end (livelock).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <new>
#include <string>
#include <typeinfo>
#include <utility>
#include <vector>

namespace weft::model {

struct options {
  int preemptions = 2;     // times that a thread which could go on is interrupted, an execution
  int stale_reads = 1000;  // loads that do not return the newest store, an execution
  int timeouts = 1;        // futex waits with a deadline that end by it although others could go on
  int spurious_wakes = 0;  // futex waits that return for no reason
  int weak_failures = 0;   // compare_exchange_weak that fails although the value is as expected
  int future_reads = 0;    // relaxed loads that return a store made later (load buffering)
  // How asymmetric fences are done. True: a light one does nothing, a heavy one is a seq_cst fence
  // that all threads pass in one step, wherever they are. False: both are seq_cst fences.
  bool membarrier = false;
  int steps = 4000;  // more in one execution is a livelock
  std::uint64_t executions = 3'000'000;
  bool random = false;  // walks at random (ignores the preemption bound) instead of exhausting
  std::uint64_t seed = 1;
};

struct result {
  bool failed = false;
  bool complete = false;  // every execution within the bounds was seen
  std::uint64_t executions = 0;
  std::string reason;  // one line
  std::string trail;   // the failing execution, a line a step
};

// Outside the models' own self tests use verify() (suite.hpp), which also weakens the orders.
result explore(const options& bounds, const std::function<void()>& body);

// ---- inside the body and its threads
// ---------------------------------------------------------------

void thread(const char* name, std::function<void()> f);  // starts it
void join_all();                                         // waits for all other threads; main only
void check(bool holds, const char* what);
[[noreturn]] void fail(const std::string& what);
std::size_t current_thread();     // 0 is main, the others in the order in which they were started
unsigned choose(unsigned count);  // any number below count: all of them are explored
void note(const std::string& text);  // a line in the trail

// Calls f when all threads have ended, before the made objects are destroyed.
void at_end(std::function<void()> f);

namespace detail {
void own(void* object, std::size_t bytes, const char* type, void (*destroy)(void*));
void* allocate(std::size_t bytes, std::size_t alignment);
bool is_allocated(const void* block);  // by allocate(), in this or an earlier execution
}  // namespace detail

// An object that lives until the execution ends. Its atomics appear in trails as type+offset.
template <class T, class... Args>
T& make(Args&&... args) {
  void* place = detail::allocate(sizeof(T), alignof(T));
  T* object = ::new (place) T(std::forward<Args>(args)...);
  detail::own(object, sizeof(T), typeid(T).name(), [](void* p) { static_cast<T*>(p)->~T(); });
  return *object;
}

}  // namespace weft::model
