// weft::barrier: n parties meet, again and again.
#pragma once

#include <cstddef>
#include <cstdint>

#include <weft/detail/deadline.hpp>
#include <weft/detail/export.hpp>
#include <weft/detail/opaque.hpp>
#include <weft/detail/shell.hpp>
#include <weft/detail/until_end.hpp>

namespace weft {

namespace detail {
struct barrier_storage {
  std::int64_t parties;
  opaque<32> rest;
};
static_assert(sizeof(barrier_storage) == 40, "no padding");
WEFT_API void barrier_check_parties(std::ptrdiff_t parties) noexcept;
WEFT_API bool barrier_arrive_and_wait(barrier_storage& self, std::int64_t deadline_ns,
                                      rt::end_signal* under);
}  // namespace detail

// For at least one party. Reusable at once: whoever leaves a round may arrive for the next one
// before the others have left.
class barrier {
 public:
  constexpr explicit barrier(std::ptrdiff_t parties) noexcept : storage_{parties, {}} {
    if (parties < 1) detail::barrier_check_parties(parties);
  }
  barrier(const barrier&) = delete;
  barrier& operator=(const barrier&) = delete;

  // Waits until all parties have arrived. Throws task_cancelled; then it has not arrived.
  [[gnu::always_inline]] void arrive_and_wait(detail::until_end end = {}) {
    detail::shell(detail::barrier_arrive_and_wait(storage_, detail::never, end.signal));
  }
  // The same; false: not in time, and it has not arrived.
  [[gnu::always_inline]] bool arrive_and_wait_for(detail::delay d, detail::until_end end = {}) {
    return detail::shell(detail::barrier_arrive_and_wait(storage_, d.due_ns, end.signal));
  }
  [[gnu::always_inline]] bool arrive_and_wait_until(detail::moment t, detail::until_end end = {}) {
    return detail::shell(detail::barrier_arrive_and_wait(storage_, t.due_ns, end.signal));
  }

 private:
  detail::barrier_storage storage_;
};

}  // namespace weft
