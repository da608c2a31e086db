// weft::waker: for code outside of weft that will wake a task some day.
#pragma once

#include <weft/detail/export.hpp>

namespace weft {

namespace detail {
WEFT_API void waker_acquire() noexcept;
WEFT_API void waker_release() noexcept;
}  // namespace detail

// While one exists, tasks that wait are not taken for deadlocked: hold one in whatever a foreign
// library will call back from (a completion handler, a thread that has not called weft yet). A
// thread that has called weft once counts by itself. Any thread; copies count for themselves.
class waker {
 public:
  waker() noexcept { detail::waker_acquire(); }
  waker(const waker&) noexcept { detail::waker_acquire(); }
  waker& operator=(const waker&) noexcept { return *this; }
  ~waker() { detail::waker_release(); }
};

}  // namespace weft
