#include <weft/detail/deadline.hpp>

#include "runtime/base/choose.hpp"

namespace weft::detail {

static_assert(never == rt::never_ns);

std::int64_t deadline_after_ns(std::int64_t delay_ns) noexcept {
  return rt::deadline_after(delay_ns);
}

std::int64_t deadline_at_ns(std::int64_t time_ns, std::int64_t now_ns) noexcept {
  std::int64_t ahead_ns = 0;
  if (time_ns == never) return never;
  if (__builtin_sub_overflow(time_ns, now_ns, &ahead_ns)) ahead_ns = time_ns < 0 ? 0 : never;
  return rt::deadline_after(ahead_ns);
}

}  // namespace weft::detail
