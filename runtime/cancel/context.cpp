// The public face of contexts, and what a wait throws that one has ended.
#include <weft/context.hpp>
#include <weft/stop_token.hpp>

#include "runtime/cancel/context_core.hpp"
#include "runtime/cancel/end_func.hpp"
#include "runtime/cancel/group_core.hpp"
#include "runtime/task/this_thread.hpp"

namespace weft {
namespace {

using detail::context_access;
using rt::context_core;
using rt::end_reason;

context_core* core_of(const context& c) noexcept {
  return context_core::of(context_access::core(c));
}

std::error_code code_for(end_reason why) noexcept {
  switch (why) {
    case end_reason::none: break;
    case end_reason::cancelled: return std::make_error_code(std::errc::operation_canceled);
    case end_reason::deadline: return std::make_error_code(std::errc::timed_out);
  }
  return {};
}

}  // namespace

namespace rt {

std::exception_ptr exception_for(end_reason why) {
  if (why == end_reason::deadline)
    return std::make_exception_ptr(deadline_exceeded(code_for(why), "weft::context"));
  return std::make_exception_ptr(cancelled(code_for(why), "weft::context"));
}

void throw_ended(end_signal& of) {
  const end_reason why = context_core::of(&of)->how_it_ended();
  if (why == end_reason::deadline) throw deadline_exceeded(code_for(why), "weft::context");
  throw cancelled(code_for(why), "weft::context");
}

std::error_code error_of(end_signal& of) noexcept {
  return code_for(context_core::of(&of)->how_it_ended());
}

}  // namespace rt

context::context(const context& other) noexcept : core_(other.core_) {
  if (core_ != nullptr) context_core::of(core_)->retain();
}

context::~context() {
  if (core_ != nullptr) context_core::of(core_)->release();
}

recv_chan<void> context::done() const {
  if (core_ == nullptr) return {};
  return detail::chan_access::make<chan<void>>(
      detail::chan_handle::to(context_core::of(core_)->done()));
}

std::error_code context::err() const noexcept {
  return core_ == nullptr ? std::error_code() : code_for(context_core::of(core_)->how());
}

std::exception_ptr context::cause() const {
  return core_ == nullptr ? nullptr : context_core::of(core_)->cause();
}

std::optional<std::chrono::steady_clock::time_point> context::deadline() const noexcept {
  if (core_ == nullptr || core_->deadline_ns == rt::never_ns) return {};
  return std::chrono::steady_clock::time_point(std::chrono::nanoseconds(core_->deadline_ns));
}

const void* context::find(const void* key) const noexcept {
  return core_ == nullptr ? nullptr : context_core::of(core_)->value(key);
}

context without_cancel(const context& parent) {
  return context_access::adopt(new context_core(core_of(parent), rt::never_ns, false));
}

namespace detail {

context context_make(const context& parent, std::int64_t due_ns, context_value* value) {
  std::unique_ptr<context_value> owned(value);
  context_core* const above = core_of(parent);
  const std::int64_t latest_ns = above != nullptr ? above->deadline_ns : rt::never_ns;
  auto* made = new context_core(above, due_ns < latest_ns ? due_ns : latest_ns, true);
  made->own_value = std::move(owned);
  return context_access::adopt(made);
}

void context_end(const context& c, std::exception_ptr cause) noexcept {
  rt::note_caller();
  if (context_core* core = core_of(c)) core->end_tree(end_reason::cancelled, std::move(cause));
}

void context_end_from_inside(rt::end_signal* signal) noexcept {
  context_core& core = *context_core::of(signal);
  if (!core.try_retain()) return;
  core.end_tree(end_reason::cancelled, nullptr);
  core.release();
}

void context_hook(const context& c, func_timer& fresh, end_call how) {
  rt::end_func::begin(core_of(c), fresh, how, __builtin_return_address(0));
}

bool context_unhook(const context& c, func_timer& hooked) noexcept {
  return core_of(c) != nullptr && rt::end_func::stop(*core_of(c), hooked);
}

}  // namespace detail

namespace this_task {

weft::context context() noexcept {
  const rt::thread_info& here = rt::this_thread();
  const rt::task* self = here.current != nullptr ? here.current : here.in_blocking;
  if (self == nullptr || !self->in_group) return {};
  rt::group_core& group = *static_cast<rt::group_core::member*>(self->closure)->group;
  group.retain();
  return context_access::adopt(&group);
}

}  // namespace this_task
}  // namespace weft
