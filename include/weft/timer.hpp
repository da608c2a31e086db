// Time through channels: after, timer, ticker; and after_func, which calls a function.
//
//   switch (weft::select(weft::recv(work, job), weft::recv(weft::after(100ms)))) ...
//   weft::ticker tick(1s);
//   for (auto when : tick.chan()) ...
//
// The channels hold no values and have no sender: whoever looks at one gets the tick that is due.
// So a timer that nobody waits for costs nothing, need not be stopped, and wakes nobody; and after
// stop() or reset() no stale tick can arrive. Any task or thread may use the same timer.
#pragma once

#include <chrono>
#include <cstdint>
#include <type_traits>
#include <utility>

#include <weft/chan.hpp>
#include <weft/detail/deadline.hpp>
#include <weft/detail/export.hpp>
#include <weft/detail/func_timer.hpp>
#include <weft/detail/shell.hpp>
#include <weft/detail/timer_chan.hpp>

namespace weft {

namespace detail {

using tick = std::chrono::steady_clock::time_point;
static_assert(std::is_same_v<tick::duration, std::chrono::nanoseconds>);

[[nodiscard]] inline chan_handle make_timer_chan(std::int64_t due_ns, std::int64_t period_ns) {
  return chan_handle(timer_chan_make(chan_type_of<tick>, due_ns, period_ns));
}

[[noreturn]] WEFT_API void bad_ticker_period();

template <class Rep, class Period>
std::int64_t ticker_period(const std::chrono::duration<Rep, Period>& d) {
  const std::int64_t period_ns = saturated_ns(d);
  if (period_ns <= 0) bad_ticker_period();
  return period_ns;
}

}  // namespace detail

// A channel that yields one time point, that of the deadline, once d has passed.
[[nodiscard]] inline recv_chan<detail::tick> after(detail::delay d) {
  return detail::chan_access::make<recv_chan<detail::tick>>(detail::make_timer_chan(d.due_ns, 0));
}

// One tick, or with after_func one call, when d has passed. A handle: copies are the same timer.
// Destroying it stops nothing.
class timer {
 public:
  explicit timer(detail::delay d) : chan_(detail::make_timer_chan(d.due_ns, 0)) {}

  // Yields the time the tick was due at. Nil for after_func.
  [[nodiscard]] recv_chan<detail::tick> chan() const noexcept {
    return detail::chan_access::make<recv_chan<detail::tick>>(chan_);
  }

  // True if it was pending: the tick has not been taken (it may have expired; it is taken back), or
  // the call has not begun. Afterwards nothing arrives; a call that has begun goes on.
  bool stop() noexcept { return set(detail::no_wait); }

  // Begins anew: due when d has passed from now. What it returns, and what happened before, is as
  // with stop(). With after_func throws what go() throws.
  bool reset(detail::delay d) { return set(d.due_ns); }

 private:
  template <class F>
  friend timer after_func(detail::delay d, F&& f);
  explicit timer(detail::func_timer_handle func) noexcept : func_(std::move(func)) {}

  bool set(std::int64_t due_ns) {
    if (func_.get() != nullptr) return detail::func_timer_set(*func_.get(), due_ns);
    return chan_.get() != nullptr && detail::timer_chan_set(chan_.get(), due_ns, 0);
  }

  detail::chan_handle chan_;
  detail::func_timer_handle func_;
};

// A tick each period, the first when one has passed. Ticks for a slow reader are dropped: one waits
// for it, the next one after it is taken keeps the rhythm. A handle, as timer.
class ticker {
 public:
  // Throws weft::error for a period that is not positive.
  template <class Rep, class Period>
  explicit ticker(const std::chrono::duration<Rep, Period>& period)
      : chan_(make(detail::ticker_period(period))) {}

  [[nodiscard]] recv_chan<detail::tick> chan() const noexcept {
    return detail::chan_access::make<recv_chan<detail::tick>>(chan_);
  }

  // True if it was running. Afterwards no tick arrives. Does not close the channel.
  bool stop() noexcept {
    return chan_.get() != nullptr && detail::timer_chan_set(chan_.get(), detail::no_wait, 0);
  }

  // Begins anew with that period.
  template <class Rep, class Period>
  bool reset(const std::chrono::duration<Rep, Period>& period) {
    const std::int64_t period_ns = detail::ticker_period(period);
    return chan_.get() != nullptr &&
           detail::timer_chan_set(chan_.get(), detail::deadline_after_ns(period_ns), period_ns);
  }

 private:
  static detail::chan_handle make(std::int64_t period_ns) {
    return detail::make_timer_chan(detail::deadline_after_ns(period_ns), period_ns);
  }

  detail::chan_handle chan_;
};

// Calls f() in a task of its own when d has passed. f is decay-copied here and may be called again
// after reset(). An exception that leaves f is fatal, as with go. Needs a runtime; what is pending
// when it ends is not called.
template <class F>
[[gnu::always_inline]] inline timer after_func(detail::delay d, F&& f) {
  static_assert(std::is_invocable_v<std::decay_t<F>&>, "f must be callable as f()");
  detail::func_timer_handle handle(new detail::func_timer_of<std::decay_t<F>>(std::forward<F>(f)));
  detail::func_timer_begin(*handle.get(), d.due_ns);
  return timer(std::move(handle));
}

}  // namespace weft
