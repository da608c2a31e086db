// The library's side of timer, ticker and after: channels of time points that the clock fills.
#pragma once

#include <cstdint>

#include <weft/detail/chan_core.hpp>
#include <weft/detail/export.hpp>

namespace weft::detail {

// The first tick at due_ns, then one each period (0: no more). `type` is that of a cell that holds
// the nanoseconds of a time point.
WEFT_API chan_head* timer_chan_make(const chan_type& type, std::int64_t due_ns,
                                    std::int64_t period_ns);

// A new due time and period; no_wait: stopped. A tick that nobody took is taken back. True if there
// was one, or one to come.
WEFT_API bool timer_chan_set(chan_head* c, std::int64_t due_ns, std::int64_t period_ns) noexcept;

// A chan<void> that is closed at due_ns (never: by chan_close only).
WEFT_API chan_head* closing_chan_make(const chan_type& type, std::int64_t due_ns);

}  // namespace weft::detail
