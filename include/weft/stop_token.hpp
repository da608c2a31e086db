// Between weft::context and std::stop_token, both ways. Not part of weft.hpp.
#pragma once

#include <optional>
#include <stop_token>
#include <utility>

#include <weft/context.hpp>

namespace weft {

namespace detail {

// Ends a context, also one that is about to be destroyed, which is then left alone.
WEFT_API void context_end_from_inside(rt::end_signal* core) noexcept;

// Lies in the context, so it is gone before the context is.
struct stop_link final : context_value {
  struct ender {
    rt::end_signal* core;
    void operator()() const noexcept { context_end_from_inside(core); }
  };
  stop_link() noexcept : context_value(nullptr) {}
  std::optional<std::stop_callback<ender>> callback;
};

}  // namespace detail

// As with_cancel, and it also ends when stop is requested of the token: in the thread that does it.
[[nodiscard]] inline cancellable with_stop_token(const context& parent, std::stop_token token) {
  auto* link = new detail::stop_link;
  context made = detail::context_make(parent, detail::never, link);
  link->callback.emplace(std::move(token),
                         detail::stop_link::ender{detail::context_access::core(made)});
  return {made, cancel_function(made)};
}

// A stop source that requests stop when the context ends, in whoever ends it; with a deadline it
// needs a runtime. While it lives: tokens that outlast it are not told any more.
class stop_source_of {
 public:
  explicit stop_source_of(const context& of) : of_(of) {
    auto request = [source = source_]() mutable { source.request_stop(); };
    hooked_ = detail::func_timer_handle(
        new detail::func_timer_of<decltype(request)>(std::move(request)));
    detail::context_hook(of_, *hooked_.get(), detail::end_call::at_once);
  }
  stop_source_of(const stop_source_of&) = delete;
  stop_source_of& operator=(const stop_source_of&) = delete;
  ~stop_source_of() { detail::context_unhook(of_, *hooked_.get()); }

  [[nodiscard]] std::stop_token get_token() const noexcept { return source_.get_token(); }

 private:
  context of_;
  std::stop_source source_;
  detail::func_timer_handle hooked_;
};

}  // namespace weft
