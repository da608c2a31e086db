// select: waits for several things and does exactly one of them.
//
//   switch (weft::select(weft::recv(a, v), weft::send(b, x), weft::otherwise())) { case 0: ... }
//   weft::select(weft::recv(a, [&](int v) {...}), weft::timeout(10ms, [&] {...}));
//
// Any task and any plain thread. Returns the index of the case that was done; if several are ready
// the choice is uniformly random. Waits unless there is an otherwise(); throws task_cancelled before
// anything was done. Nil channels are never ready; a send to a closed channel is, and throws
// closed_channel when chosen. An operand that was not chosen is untouched.
// Cases are made in the call and refer to what they were made from.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <utility>

#include <weft/detail/deadline.hpp>
#include <weft/detail/select_clauses.hpp>
#include <weft/detail/select_core.hpp>
#include <weft/detail/select_entry.hpp>
#include <weft/detail/shell.hpp>

namespace weft {

// ---- cases -------------------------------------------------------------------------------------

// Receives and drops the value.
template <detail::receives Chan>
[[nodiscard]] auto recv(const Chan& ch) {
  return detail::recv_clause<detail::value_of<Chan>, detail::drop_sink>(detail::borrow(ch), {});
}

// Receives into v: T{} when the channel is closed and drained; closed_channel if T has no default.
template <detail::receives Chan>
  requires detail::carries_values<Chan>
[[nodiscard]] auto recv(const Chan& ch, detail::value_of<Chan>& v) {
  using T = detail::value_of<Chan>;
  return detail::recv_clause<T, detail::value_sink<T>>(detail::borrow(ch), {&v});
}

// Receives into v: empty when closed and drained.
template <detail::receives Chan>
  requires detail::carries_values<Chan>
[[nodiscard]] auto recv(const Chan& ch, std::optional<detail::value_of<Chan>>& v) {
  using T = detail::value_of<Chan>;
  return detail::recv_clause<T, detail::optional_sink<T>>(detail::borrow(ch), {&v});
}

// The same; ok tells a value from closed.
template <detail::receives Chan>
  requires detail::carries_values<Chan>
[[nodiscard]] auto recv(const Chan& ch, detail::value_of<Chan>& v, bool& ok) {
  using T = detail::value_of<Chan>;
  using sink = detail::flagged_sink<T, detail::value_sink<T>>;
  return detail::recv_clause<T, sink>(detail::borrow(ch), sink{{&v}, &ok});
}
template <detail::receives Chan>
  requires detail::carries_values<Chan>
[[nodiscard]] auto recv(const Chan& ch, std::optional<detail::value_of<Chan>>& v, bool& ok) {
  using T = detail::value_of<Chan>;
  using sink = detail::flagged_sink<T, detail::optional_sink<T>>;
  return detail::recv_clause<T, sink>(detail::borrow(ch), sink{{&v}, &ok});
}

// chan<void>: ok is false when closed and drained.
template <detail::receives Chan>
  requires(!detail::carries_values<Chan>)
[[nodiscard]] auto recv(const Chan& ch, bool& ok) {
  return detail::recv_clause<void, detail::signal_flag_sink>(detail::borrow(ch), {&ok});
}

// Receives and calls f in the first form that it takes: exactly std::optional<T>, (T, bool), T,
// nothing. Closed: an empty optional, T{}; closed_channel if T has no default and the form needs one.
template <detail::receives Chan, class F>
  requires(detail::recv_callback<F, detail::value_of<Chan>> &&
           !std::is_same_v<std::remove_reference_t<F>, detail::value_of<Chan>>)
[[nodiscard]] auto recv(const Chan& ch, F&& f) {
  using T = detail::value_of<Chan>;
  if constexpr (std::is_void_v<T>) {
    using sink = detail::signal_callback_sink<F>;
    return detail::recv_clause<T, sink>(detail::borrow(ch), sink{std::forward<F>(f)});
  } else {
    using sink = detail::callback_sink<T, F>;
    return detail::recv_clause<T, sink>(detail::borrow(ch), sink{std::forward<F>(f)});
  }
}

// Sends x: an lvalue is copied, an rvalue moved from, when the case is chosen. Then calls f.
template <detail::sends Chan, class F = detail::no_callback>
  requires detail::carries_values<Chan> && std::is_invocable_v<F&>
[[nodiscard]] auto send(const Chan& ch, const detail::value_of<Chan>& x, F&& f = F()) {
  using T = detail::value_of<Chan>;
  return detail::send_clause<T, detail::copied_operand<T>, F>(detail::borrow(ch), {&x},
                                                              std::forward<F>(f));
}
template <detail::sends Chan, class F = detail::no_callback>
  requires detail::carries_values<Chan> && std::is_invocable_v<F&>
[[nodiscard]] auto send(const Chan& ch, detail::value_of<Chan>&& x, F&& f = F()) {
  using T = detail::value_of<Chan>;
  return detail::send_clause<T, detail::moved_operand<T>, F>(detail::borrow(ch), {&x},
                                                             std::forward<F>(f));
}

// chan<void>.
template <detail::sends Chan, class F = detail::no_callback>
  requires(!detail::carries_values<Chan> && std::is_invocable_v<F&>)
[[nodiscard]] auto send(const Chan& ch, F&& f = F()) {
  return detail::signal_clause<F>(detail::borrow(ch), std::forward<F>(f));
}

// What is done when no other case is ready at once: the select never waits.
template <class F = detail::no_callback>
  requires std::is_invocable_v<F&>
[[nodiscard]] auto otherwise(F&& f = F()) {
  return detail::plan_clause<detail::plan_kind::otherwise, F>(0, std::forward<F>(f));
}

// What is done when no other case has become ready in time. A ready case wins over a time that has
// passed; of several the earliest counts.
template <class Rep, class Period, class F = detail::no_callback>
  requires std::is_invocable_v<F&>
[[nodiscard]] auto timeout(const std::chrono::duration<Rep, Period>& d, F&& f = F()) {
  constexpr auto kind = detail::plan_kind::timeout;
  return detail::plan_clause<kind, F>(detail::saturated_ns(d), std::forward<F>(f));
}
template <class F = detail::no_callback>
  requires std::is_invocable_v<F&>
[[nodiscard]] auto until(detail::moment when, F&& f = F()) {
  return detail::plan_clause<detail::plan_kind::until, F>(when.due_ns, std::forward<F>(f));
}

// ---- select ------------------------------------------------------------------------------------

namespace detail {

// Was there a moment at which no case was ready? True: yes; false: perhaps not. See select.cpp.
template <class... Clauses>
[[gnu::always_inline]] inline bool none_is_ready(const Clauses&... clauses) noexcept {
  chan_moment moments[sizeof...(Clauses)];
  chan_moment* m = moments;
  if (!(clauses.is_quiet(*m++) && ...)) return false;
  m = moments;
  return (clauses.is_still_quiet(*m++) && ...);
}

}  // namespace detail

template <select_clause... Clauses>
[[gnu::always_inline]] inline int select(Clauses&&... clauses) {
  constexpr int count = static_cast<int>(sizeof...(Clauses));
  if constexpr ((detail::otherwise_count<std::remove_cvref_t<Clauses>> + ... + 0) == 1 &&
                (detail::can_be_quiet<std::remove_cvref_t<Clauses>> && ...)) {
    // The select that does not wait, and does nothing: without a call.
    if (detail::none_is_ready(clauses...)) {
      int chosen = 0, at = 0;
      const auto visit = [&](auto& clause) {
        if constexpr (detail::otherwise_count<std::remove_cvref_t<decltype(clause)>> == 1) {
          chosen = at;
          clause.finish({});
        }
        ++at;
      };
      (visit(clauses), ...);
      return chosen;
    }
  }
  detail::select_case cases[count + 1];  // there are no arrays of nothing
  detail::select_plan plan;
  [[maybe_unused]] int index = 0;
  ((clauses.arm(cases[index], plan, index), ++index), ...);
  const int chosen = detail::select_run(cases, count, plan, nullptr);
  index = 0;
  ((index++ == chosen ? clauses.finish(cases[chosen]) : static_cast<void>(0)), ...);
  if (plan.lost != nullptr) [[unlikely]]
    plan.rethrow_lost();
  return chosen;
}

// ---- select_set --------------------------------------------------------------------------------

// The same for a number of cases known at run time; one task or thread at a time. Cases are
// numbered in the order in which they are added, and stay for any number of wait() calls. The set
// keeps channels alive and owns callbacks and rvalue operands (one that can be copied is sent again
// at each choice, one that can only be moved is empty after the first); variables that are written
// and lvalue operands are referred to.
class select_set : private detail::select_entries {
 public:
  select_set() noexcept = default;
  select_set(select_set&&) noexcept = default;
  select_set& operator=(select_set&&) noexcept = default;

  // Each returns the index of the new case.
  template <class... Args>
  int recv(Args&&... args) { return add(weft::recv(std::forward<Args>(args)...)); }
  template <class... Args>
  int send(Args&&... args) { return add(weft::send(std::forward<Args>(args)...)); }
  template <class... Args>
  int otherwise(Args&&... args) { return add(weft::otherwise(std::forward<Args>(args)...)); }
  template <class... Args>
  int timeout(Args&&... args) { return add(weft::timeout(std::forward<Args>(args)...)); }
  template <class... Args>
  int until(Args&&... args) { return add(weft::until(std::forward<Args>(args)...)); }
  template <select_clause Clause>
  int add(Clause&& clause) {
    if constexpr (requires { std::move(clause).kept(); })
      return append(detail::make_select_entry([&] { return std::move(clause).kept(); }));
    else
      return append(detail::make_select_entry(
          [&]() -> std::remove_cvref_t<Clause> { return std::forward<Clause>(clause); }));
  }

  int size() const noexcept { return count(); }
  void clear() noexcept { remove_all(); }

  // As select() with the cases of the set.
  [[gnu::always_inline]] int wait(detail::until_end end = {}) {
    return detail::shell(run(end.signal));
  }
};

}  // namespace weft
