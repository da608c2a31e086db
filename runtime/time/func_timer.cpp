// after_func: a due_call whose call is a task of its own.
#include "runtime/time/func_timer.hpp"

#include <exception>

#include "runtime/base/choose.hpp"
#include "runtime/task/park.hpp"
#include "runtime/task/wait.hpp"

#include <weft/error.hpp>
#include <weft/timer.hpp>

namespace weft::rt {

void retain_function(func_timer& timer) noexcept {
  func_timer_core::of(timer).refs.fetch_add(1, std::memory_order_relaxed);
}

void release_function(func_timer& timer) noexcept {
  // Release: what we did with it comes before its end; acquire: so did what the others did.
  if (func_timer_core::of(timer).refs.fetch_sub(1, std::memory_order_acq_rel) == 1)
    timer.destroy(timer);
}

namespace {

void run_function(void* slot) {
  struct holder {
    func_timer& timer;
    ~holder() { release_function(timer); }
  } held{**static_cast<func_timer**>(slot)};
  held.timer.run(held.timer);
}

}  // namespace

void start_function(func_timer& timer) {
  task& fresh = allocate_task(sizeof(func_timer*), alignof(func_timer*),
                              func_timer_core::of(timer).made_at);
  fresh.run = &run_function;
  *static_cast<func_timer**>(fresh.closure) = &timer;
  start_task(fresh);
}

namespace {

func_timer& timer_of(due_call& self) noexcept {
  return *static_cast<func_timer*>(self.arg);
}

// The reference of what is pending goes to the task.
void call_function(due_call& self) noexcept {
  func_timer& timer = timer_of(self);
  try {
    start_function(timer);
  } catch (const std::exception&) {
    // No memory for a stack at the moment. If it was set anew meanwhile, that will do.
    constexpr std::int64_t retry_ns = 10'000'000;
    if (set_due_call(self, deadline_after(retry_ns))) release_function(timer);
  }
}

void drop_function(due_call& self) noexcept {
  release_function(timer_of(self));
}

bool arm(func_timer& timer, std::int64_t due_ns) {
  func_timer_core& core = func_timer_core::of(timer);
  retain_function(timer);
  bool was_pending = true;
  try {
    was_pending = set_due_call(core, due_ns < never_ns ? due_ns : never_ns - 1);  // never: it is not
  } catch (...) {
    release_function(timer);
    throw;
  }
  if (was_pending) release_function(timer);
  return was_pending;
}

}  // namespace
}  // namespace weft::rt

namespace weft::detail {

using rt::func_timer_core;

void func_timer_begin(func_timer& fresh, std::int64_t due_ns) {
  rt::note_caller();
  auto& core = *::new (static_cast<void*>(fresh.rest.bytes)) func_timer_core;
  core.made_at = __builtin_return_address(0);
  core.arg = &fresh;
  core.call = &rt::call_function;
  core.drop = &rt::drop_function;
  rt::arm(fresh, due_ns);
}

bool func_timer_set(func_timer& timer, std::int64_t due_ns) {
  rt::note_caller();
  if (due_ns != no_wait) return rt::arm(timer, due_ns);
  if (!rt::cancel_due_call(func_timer_core::of(timer))) return false;
  rt::release_function(timer);
  return true;
}

void func_timer_retain(func_timer& timer) noexcept {
  rt::retain_function(timer);
}

void func_timer_release(func_timer& timer) noexcept {
  rt::release_function(timer);
}

void bad_ticker_period() {
  throw error("ticker: the period must be positive");
}

}  // namespace weft::detail
