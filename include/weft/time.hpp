// Sleeping.
#pragma once

#include <cstdint>

#include <weft/detail/deadline.hpp>
#include <weft/detail/export.hpp>
#include <weft/detail/shell.hpp>
#include <weft/detail/until_end.hpp>

namespace weft {

namespace detail {
WEFT_API void sleep_until_ns(std::int64_t deadline_ns, rt::end_signal* under);
}  // namespace detail

// Lets the task wait while others run; never too short. A time that has passed does not wait, it
// only lets others go first. Throws task_cancelled. On a foreign thread the thread sleeps.
[[gnu::always_inline]] inline void sleep_for(detail::delay d, detail::until_end end = {}) {
  detail::sleep_until_ns(d.due_ns, end.signal);
  detail::end_of_shell();
}
[[gnu::always_inline]] inline void sleep_until(detail::moment when, detail::until_end end = {}) {
  detail::sleep_until_ns(when.due_ns, end.signal);
  detail::end_of_shell();
}

}  // namespace weft
