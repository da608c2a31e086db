// this_task, and the library's side of go, spawn and blocking.
#include <weft/pin_thread.hpp>
#include <weft/task.hpp>

#if defined(__unix__) || defined(__APPLE__)
#include <sched.h>
#endif

#include "runtime/task/park.hpp"
#include "runtime/task/task_end.hpp"
#include "runtime/task/wait.hpp"

namespace weft {
namespace {

// The task that runs here, also inside its blocking region.
rt::task* task_here() noexcept {
  rt::thread_info& here = rt::this_thread();
  return here.current != nullptr ? here.current : here.in_blocking;
}

}  // namespace

namespace detail {

spawn_slot spawn_begin(std::size_t size, std::size_t align, void (*run)(void*)) {
  if (rt::this_thread().worker == nullptr) (void)rt::current_waiter();  // a foreign thread is known now
  rt::task& fresh = rt::allocate_task(size, align, __builtin_return_address(0));
  fresh.run = run;
  return {&fresh, fresh.closure};
}

void spawn_commit(void* task) noexcept { rt::start_task(*static_cast<rt::task*>(task)); }

void spawn_abort(void* task) noexcept { rt::discard_task(*static_cast<rt::task*>(task)); }

blocking_region::blocking_region() : task_(nullptr) {
  rt::checkpoint();
  if (rt::task* self = rt::current_task()) {
    task_ = self;
    rt::enter_blocking(*self);
  }
}

blocking_region::~blocking_region() {
  if (task_ != nullptr) rt::leave_blocking(*static_cast<rt::task*>(task_));
}

void* pin_begin() noexcept {
  rt::task* self = task_here();
  if (self != nullptr) rt::pin_task(*self);
  return self;
}

void pin_end(void* task) noexcept {
  if (task != nullptr) rt::unpin_task(*static_cast<rt::task*>(task));
}

}  // namespace detail

namespace this_task {

void yield() {
  rt::checkpoint();
  if (rt::task* self = rt::current_task())
    rt::yield_task(*self);
  else
    sched_yield();
}

std::uint64_t id() noexcept {
  const rt::task* self = task_here();
  return self != nullptr ? self->id : 0;
}

std::string_view name() noexcept {
  const rt::task* self = task_here();
  return self != nullptr ? std::string_view(self->name) : std::string_view();
}

void set_name(std::string_view name) noexcept {
  rt::task* self = task_here();
  if (self != nullptr) self->set_name(name);
}

void exit() {
  if (task_here() == nullptr) throw error("weft::this_task::exit: no task runs on this thread");
  throw rt::exit_request{};
}

bool cancelled() noexcept {
  const rt::task* self = task_here();
  return self != nullptr && self->cancel.requested();
}

}  // namespace this_task
}  // namespace weft
