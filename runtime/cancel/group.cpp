// The public face of groups, and the frame in which a member runs.
#include <weft/group.hpp>

#include <weft/error.hpp>
#include "runtime/cancel/group_core.hpp"
#include "runtime/task/locals.hpp"
#include "runtime/task/park.hpp"
#include "runtime/task/task_end.hpp"

namespace weft {
namespace {

using rt::group_core;

group_core& core_of(const context& of) noexcept {
  return *group_core::of(detail::context_access::core(of));
}

}  // namespace

group::group(const weft::context& parent)
    : context_(detail::context_access::adopt(
          new group_core(rt::context_core::of(detail::context_access::core(parent))))) {}

group::~group() { core_of(context_).end_and_wait(__builtin_return_address(0)); }

void group::wait(detail::until_end end) {
  core_of(context_).wait(end.signal, __builtin_return_address(0));
}

void group::limit(std::ptrdiff_t most) noexcept { core_of(context_).set_limit(most); }

namespace detail {

group_slot::group_slot(const context& of) : group_(context_access::core(of)) {
  group_core::of(group_)->enter(__builtin_return_address(0));
}

group_slot::~group_slot() {
  if (group_ != nullptr) group_core::of(group_)->leave();
}

void group_slot::start(void* spawned) noexcept {
  auto& fresh = *static_cast<rt::task*>(spawned);
  fresh.locals = group_;  // until group_run() takes it: it has none yet
  group_ = nullptr;  // the slot is the task's now
  rt::start_task(fresh);
}

void group_run(void* closure, void (*call)(void* closure)) noexcept {
  rt::task& self = *rt::current_task();
  group_core& group = *group_core::of(static_cast<rt::end_signal*>(self.locals));
  self.locals = nullptr;
  group_core::member member{&group};
  self.closure = &member;
  self.in_group = true;
  group.begin(member);
  try {
    call(closure);
  } catch (const task_cancelled&) {
    group.cut_short();
  } catch (const rt::exit_request&) {
  } catch (const deadlocked&) {
  } catch (...) {
    group.failed(std::current_exception());
  }
  rt::end_locals(self);  // they may use what the one who waits destroys
  group.end(member);
  self.in_group = false;
  group.leave();
}

}  // namespace detail
}  // namespace weft
