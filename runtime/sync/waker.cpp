#include <weft/waker.hpp>

#include "runtime/task/park.hpp"

namespace weft::detail {

void waker_acquire() noexcept {
  rt::note_outside(rt::outside_event::waker_acquired);
}

void waker_release() noexcept {
  rt::note_outside(rt::outside_event::waker_released);
}

}  // namespace weft::detail
