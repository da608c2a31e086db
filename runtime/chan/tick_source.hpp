// Where the values of a timer's channel come from: not from a sender but from the clock.
//
// Nothing is armed anywhere. The channel looks at the clock when somebody looks at it, and who
// waits for it longest waits with the due time as a deadline and then looks again. So a timer that nobody
// waits for costs nothing, wakes nobody and hides no deadlock, and a tick that nobody took can be
// taken back.
//
// The channel of a context with a deadline has such a source too: its end comes with the time.
//
// All of it is under the channel's lock.
#pragma once

#include <cstdint>

#include "runtime/base/choose.hpp"

namespace weft::rt {

struct tick_source {
  std::int64_t due_ns = never_ns;  // of the next tick; never_ns: stopped, or fired
  std::int64_t period_ns = 0;      // 0: one tick only
  bool closes = false;  // no tick: from that time on the channel is as if it were closed

  bool is_due(std::int64_t now) const noexcept { return due_ns <= now; }
  // Until when who waits sleeps. One nanosecond before never stands for "pending, but the clock does
  // not go that far".
  std::int64_t look_ns() const noexcept { return due_ns >= never_ns - 1 ? never_ns : due_ns; }

  // Takes the tick that is due: the time it was due at. Those of a ticker that were missed since
  // are dropped, the next one keeps the rhythm.
  std::int64_t take(std::int64_t now) noexcept {
    const std::int64_t tick = due_ns;
    if (period_ns == 0) {
      due_ns = never_ns;
      return tick;
    }
    const std::int64_t missed = (now - tick) / period_ns;
    const std::int64_t last = tick + missed * period_ns;
    due_ns = period_ns >= never_ns - last ? never_ns - 1 : last + period_ns;
    return tick;
  }
};

}  // namespace weft::rt
