// Durations and time points of any clock as what the runtime counts in: nanoseconds of the steady
// clock. Too far away becomes `never`; fractions are rounded up, so that no wait is too short.
#pragma once

#include <chrono>
#include <cstdint>
#include <ratio>
#include <type_traits>

#include <weft/detail/export.hpp>

namespace weft::detail {

inline constexpr std::int64_t never = INT64_MAX;

// Now plus the delay; now itself if the delay is zero or negative, never if it is too long.
WEFT_API std::int64_t deadline_after_ns(std::int64_t delay_ns) noexcept;
// When a clock that shows now_ns will show time_ns.
WEFT_API std::int64_t deadline_at_ns(std::int64_t time_ns, std::int64_t now_ns) noexcept;

template <class Rep, class Period>
constexpr std::int64_t saturated_ns(const std::chrono::duration<Rep, Period>& d) {
  using namespace std::chrono;
  if constexpr (std::is_integral_v<Rep> && std::is_same_v<Period, std::nano>) {
    if (d.count() > 0 && static_cast<std::uint64_t>(d.count()) > INT64_MAX) return never;
    return static_cast<std::int64_t>(d.count());
  } else {
    using factor = std::ratio_divide<Period, std::nano>;
    // Beyond it the exact conversion overflows on its way: the approximation serves.
    constexpr double exact = factor::num == 1 ? 9.2e18 : 9.2e18 / static_cast<double>(factor::den);
    constexpr double limit = 9.2e18;
    const double approximate = duration<double, std::nano>(d).count();
    if (approximate >= limit) return never;
    if (!(approximate > -limit)) return INT64_MIN;  // not a number too
    if (approximate > exact || approximate < -exact) return static_cast<std::int64_t>(approximate);
    return static_cast<std::int64_t>(ceil<nanoseconds>(d).count());
  }
}

template <class Rep, class Period>
std::int64_t deadline_in(const std::chrono::duration<Rep, Period>& d) {
  return deadline_after_ns(saturated_ns(d));
}

template <class Clock, class Duration>
std::int64_t deadline_at(const std::chrono::time_point<Clock, Duration>& when) {
  const std::int64_t at = saturated_ns(when.time_since_epoch());
  if constexpr (std::is_same_v<Clock, std::chrono::steady_clock>) {
    return at == INT64_MIN ? at + 1 : at;  // that one means something else: do not wait
  } else {
    return deadline_at_ns(at, saturated_ns(Clock::now().time_since_epoch()));
  }
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
