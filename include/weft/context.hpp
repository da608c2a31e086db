// context: when and why work should stop, and what goes with it, handed down from call to call.
//
//   auto [ctx, cancel] = weft::with_timeout(parent, 2s);
//   ch.recv(ctx);                                       // throws deadline_exceeded after 2 s
//   weft::select(weft::recv(ch, v), weft::done(ctx));   // or stands in a select
//
// Contexts form a tree: when one ends, all that were made from it have ended before cancel() returns.
// A context is a counted reference, cheap to copy. Any task and any plain thread, also without a
// runtime (but for after_func). A deadline that nobody waits for costs nothing and wakes nobody.
#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <optional>
#include <system_error>
#include <type_traits>
#include <utility>

#include <weft/chan.hpp>
#include <weft/detail/context_value.hpp>
#include <weft/detail/deadline.hpp>
#include <weft/detail/export.hpp>
#include <weft/detail/func_timer.hpp>
#include <weft/detail/until_end.hpp>
#include <weft/select.hpp>

namespace weft {

// What a wait under a context throws when that ends; code() is the context's err().
class WEFT_API cancelled : public std::system_error {
  using std::system_error::system_error;
};
class WEFT_API deadline_exceeded : public std::system_error {
  using std::system_error::system_error;
};

class cancel_function;
class stop_function;
struct cancellable;

namespace detail {
struct context_access;
}

class WEFT_API context {
 public:
  // The background: never ends, carries nothing.
  context() noexcept = default;
  static context background() noexcept { return {}; }

  context(const context& other) noexcept;
  context(context&& other) noexcept : core_(std::exchange(other.core_, nullptr)) {}
  context& operator=(context other) noexcept {
    std::swap(core_, other.core_);
    return *this;
  }
  ~context();

  // Closed when the context has ended; nil for one that never ends by itself or a parent.
  recv_chan<void> done() const;
  // Empty while it has not; then std::errc::operation_canceled or std::errc::timed_out.
  std::error_code err() const noexcept;
  // Null while it has not; then what cancel() was given, else err() as an exception.
  std::exception_ptr cause() const;
  // When it ends at the latest.
  std::optional<std::chrono::steady_clock::time_point> deadline() const noexcept;

  // What with_value<Key> put into this context or the nearest one above; null: nothing. It lives as
  // long as the context.
  template <class Key>
  const typename detail::keyed<Key>::type* value() const noexcept {
    return static_cast<const typename detail::keyed<Key>::type*>(find(&detail::key_of<Key>));
  }

  // Calls f() in a task of its own when it has ended, at once if it has already; outside a runtime
  // in whoever ends it. The result stops that.
  template <class F>
  stop_function after_func(F&& f) const;

  friend bool operator==(const context&, const context&) noexcept = default;

 private:
  friend detail::context_access;
  const void* find(const void* key) const noexcept;
  rt::end_signal* core_ = nullptr;
};

namespace detail {

struct context_access {
  static rt::end_signal* core(const context& c) noexcept { return c.core_; }
  static context adopt(rt::end_signal* owned) noexcept {
    context c;
    c.core_ = owned;
    return c;
  }
};

inline until_end::until_end(const context& c) noexcept : signal(context_access::core(c)) {}

enum class end_call : bool { in_task, at_once };
WEFT_API void context_end(const context& c, std::exception_ptr cause) noexcept;
WEFT_API void context_hook(const context& c, func_timer& fresh, end_call how);
WEFT_API bool context_unhook(const context& c, func_timer& hooked) noexcept;
// Owns the value.
WEFT_API context context_make(const context& parent, std::int64_t due_ns, context_value* value);

}  // namespace detail

// Ends its context and all below; the first time counts. Copies do the same; dropping them does
// nothing. Any thread.
class cancel_function {
 public:
  explicit cancel_function(context of) noexcept : of_(std::move(of)) {}
  void operator()(std::exception_ptr cause = nullptr) const noexcept {
    detail::context_end(of_, std::move(cause));
  }

 private:
  context of_;
};

// Of after_func. True: f has not been called and will not be.
class stop_function {
 public:
  stop_function(context of, detail::func_timer_handle f) : of_(std::move(of)), f_(std::move(f)) {}
  bool operator()() const noexcept { return detail::context_unhook(of_, *f_.get()); }

 private:
  context of_;
  detail::func_timer_handle f_;
};

template <class F>
[[gnu::always_inline]] inline stop_function context::after_func(F&& f) const {
  detail::func_timer_handle handle(new detail::func_timer_of<std::decay_t<F>>(std::forward<F>(f)));
  detail::context_hook(*this, *handle.get(), detail::end_call::in_task);
  return {*this, std::move(handle)};
}

// auto [ctx, cancel] = with_cancel(parent);
struct cancellable {
  context ctx;
  cancel_function cancel;
};

// A context that ends with its parent, when cancel is called, or at its deadline if that is earlier.
[[nodiscard]] inline cancellable with_deadline(const context& parent, detail::moment when) {
  context made = detail::context_make(parent, when.due_ns, nullptr);
  return {made, cancel_function(made)};
}
[[nodiscard]] inline cancellable with_timeout(const context& parent, detail::delay d) {
  context made = detail::context_make(parent, d.due_ns, nullptr);
  return {made, cancel_function(made)};
}
[[nodiscard]] inline cancellable with_cancel(const context& parent) {
  context made = detail::context_make(parent, detail::never, nullptr);
  return {made, cancel_function(made)};
}

// Carries v for Key besides what the parent carries. Key is the type of the value, which may be left
// out, or an empty tag with a Key::value_type.
template <class Key = void, class V>
[[nodiscard]] context with_value(const context& parent, V&& v) {
  using key = std::conditional_t<std::is_void_v<Key>, std::decay_t<V>, Key>;
  return detail::context_make(parent, detail::never,
                              new detail::context_value_of<key>(std::forward<V>(v)));
}

// Carries what the parent carries, and does not end with it.
[[nodiscard]] WEFT_API context without_cancel(const context& parent);

// A case of a select: the context has ended.
template <class F = detail::no_callback>
  requires std::is_invocable_v<F&>
[[nodiscard]] auto done(const context& c, F&& f = F()) {
  return recv(c.done(), std::forward<F>(f));
}

namespace this_task {
// Of a task of a group that group's, else the background.
WEFT_API weft::context context() noexcept;
}  // namespace this_task

}  // namespace weft
