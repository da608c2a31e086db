#include <weft/detail/deadline.hpp>

#include "runtime/base/choose.hpp"

namespace weft::detail {

static_assert(never == rt::never_ns);

std::int64_t deadline_after_ns(std::int64_t delay_ns) noexcept {
  return rt::deadline_after(delay_ns);
}

}  // namespace weft::detail
