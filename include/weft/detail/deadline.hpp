// Durations and time points of any clock as what the runtime counts in: nanoseconds of the steady
// clock. Too far away becomes `never`; fractions are rounded up, so that no wait is too short.
#pragma once

#include <chrono>
#include <cstdint>
#include <type_traits>

#include <weft/detail/export.hpp>

namespace weft::detail {

inline constexpr std::int64_t never = INT64_MAX;

// Now plus the delay; now itself if the delay is zero or negative, never if it is too long.
WEFT_API std::int64_t deadline_after_ns(std::int64_t delay_ns) noexcept;

template <class Rep, class Period>
constexpr std::int64_t saturated_ns(const std::chrono::duration<Rep, Period>& d) {
  using namespace std::chrono;
  if constexpr (std::is_integral_v<Rep> && std::is_same_v<Period, std::nano>) {
    return static_cast<std::int64_t>(d.count());
  } else {
    constexpr double limit = 9.2e18;
    const double approximate = duration<double, std::nano>(d).count();
    if (approximate >= limit) return never;
    if (!(approximate > -limit)) return INT64_MIN;  // not a number too
    return static_cast<std::int64_t>(ceil<nanoseconds>(d).count());
  }
}

template <class Rep, class Period>
std::int64_t deadline_in(const std::chrono::duration<Rep, Period>& d) {
  return deadline_after_ns(saturated_ns(d));
}

template <class Clock, class Duration>
std::int64_t deadline_at(const std::chrono::time_point<Clock, Duration>& when) {
  if constexpr (std::is_same_v<Clock, std::chrono::steady_clock>)
    return saturated_ns(when.time_since_epoch());
  else
    return deadline_in(when - Clock::now());
}

// What calls that end in _for and _until take: any duration, any time point.
struct delay {
  template <class Rep, class Period>
  delay(const std::chrono::duration<Rep, Period>& d) : due_ns(deadline_in(d)) {}
  std::int64_t due_ns;
};
struct moment {
  template <class Clock, class Duration>
  moment(const std::chrono::time_point<Clock, Duration>& when) : due_ns(deadline_at(when)) {}
  std::int64_t due_ns;
};

}  // namespace weft::detail
