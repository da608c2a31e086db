// Connections and listeners as cases of a select.
//
//   weft::select(weft::readable(c, [&] { c.read_some(buffer); }), weft::recv(quit, [&] {...}));
//
// Ready when a call would not wait: there are bytes (a connection to accept), there is room, or
// there is an error or the end to be told. Nothing has been read or written when the case is
// chosen, and another task may be faster. One that was never open is never ready. Deadlines of the
// connection do not count; use timeout(). The connection outlives the select. From a plain thread
// only while a runtime runs (else weft::error).
#pragma once

#include <type_traits>
#include <utility>

#include <weft/detail/select_core.hpp>
#include <weft/net/listener.hpp>

namespace weft {
namespace detail {

WEFT_API void arm_readable(select_case& to, const net_descriptor& of);
WEFT_API void arm_writable(select_case& to, const net_descriptor& of);

using arm_io = void (*)(select_case& to, const net_descriptor& of);

struct nothing_to_call {
  void operator()() const noexcept {}
};

template <class F>
class io_clause {
 public:
  using weft_select_clause = void;

  io_clause(arm_io how, const net_descriptor& of, F f)
      : arm_(how), of_(&of), f_(std::forward<F>(f)) {}

  void arm(select_case& to, select_plan&, int) { arm_(to, *of_); }
  void finish(const select_case&) { f_(); }
  auto kept() && { return io_clause<std::decay_t<F>>(arm_, *of_, std::forward<F>(f_)); }

 private:
  arm_io arm_;
  const net_descriptor* of_;
  F f_;
};

template <class T>
concept can_be_read = std::is_same_v<T, net::conn> || std::is_same_v<T, net::listener>;

}  // namespace detail

template <detail::can_be_read T>
[[nodiscard]] auto readable(const T& of) {
  return detail::io_clause<detail::nothing_to_call>(
      &detail::arm_readable, net::detail::descriptor_access::of(of), {});
}
template <detail::can_be_read T, class F>
  requires std::is_invocable_v<F&>
[[nodiscard]] auto readable(const T& of, F&& f) {
  return detail::io_clause<F>(&detail::arm_readable, net::detail::descriptor_access::of(of),
                              std::forward<F>(f));
}

[[nodiscard]] inline auto writable(const net::conn& of) {
  return detail::io_clause<detail::nothing_to_call>(
      &detail::arm_writable, net::detail::descriptor_access::of(of), {});
}
template <class F>
  requires std::is_invocable_v<F&>
[[nodiscard]] auto writable(const net::conn& of, F&& f) {
  return detail::io_clause<F>(&detail::arm_writable, net::detail::descriptor_access::of(of),
                              std::forward<F>(f));
}

}  // namespace weft
