// Sleeping.
#pragma once

#include <chrono>
#include <cstdint>

#include <weft/detail/deadline.hpp>
#include <weft/detail/export.hpp>
#include <weft/detail/shell.hpp>

namespace weft {

namespace detail {
WEFT_API void sleep_until_ns(std::int64_t deadline_ns);
}  // namespace detail

// Lets the task wait while others run; never too short. A time that has passed does not wait, it
// only lets others go first. Throws task_cancelled. On a foreign thread the thread sleeps.
template <class Rep, class Period>
[[gnu::always_inline]] inline void sleep_for(const std::chrono::duration<Rep, Period>& d) {
  detail::sleep_until_ns(detail::deadline_in(d));
  detail::end_of_shell();
}

template <class Clock, class Duration>
[[gnu::always_inline]] inline void sleep_until(
    const std::chrono::time_point<Clock, Duration>& when) {
  detail::sleep_until_ns(detail::deadline_at(when));
  detail::end_of_shell();
}

}  // namespace weft
