// weft::semaphore: a number of units that are taken and given back.
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
struct semaphore_storage {
  std::int64_t word;  // the units, times two; the library's otherwise
  opaque<24> rest;
};
static_assert(sizeof(semaphore_storage) == 32, "no padding");
WEFT_API void semaphore_check_units(std::ptrdiff_t units) noexcept;
WEFT_API void semaphore_acquire(semaphore_storage& self, std::ptrdiff_t units);
WEFT_API bool semaphore_try_acquire(semaphore_storage& self, std::ptrdiff_t units) noexcept;
WEFT_API bool semaphore_try_acquire_until(semaphore_storage& self, std::ptrdiff_t units,
                                          std::int64_t deadline_ns, rt::end_signal* under);
WEFT_API void semaphore_release(semaphore_storage& self, std::ptrdiff_t units) noexcept;
}  // namespace detail

// Strictly first come, first served: a request for many units is not overtaken by small ones that
// came later, try_acquire included. A negative number is fatal; zero units are always there. More than
// 2^61 - 1 count as that many.
class semaphore {
 public:
  constexpr explicit semaphore(std::ptrdiff_t units) noexcept : storage_{(units < most ? units : most) * 2, {}} {
    if (units < 0) detail::semaphore_check_units(units);
  }
  semaphore(const semaphore&) = delete;
  semaphore& operator=(const semaphore&) = delete;

  // Waits until the units are there and takes them all at once.
  [[gnu::always_inline]] void acquire(std::ptrdiff_t units = 1) {
    detail::semaphore_acquire(storage_, units);
    detail::end_of_shell();
  }
  [[gnu::always_inline]] void acquire(std::ptrdiff_t units, detail::until_end end) {
    detail::shell(
        detail::semaphore_try_acquire_until(storage_, units, detail::never, end.signal));
  }
  [[gnu::always_inline]] void acquire(detail::until_end end) { acquire(1, end); }

  // Never waits. False also if others are waiting.
  [[nodiscard]] bool try_acquire(std::ptrdiff_t units = 1) noexcept {
    return detail::semaphore_try_acquire(storage_, units);
  }

  // False, and nothing taken, when the time is over.
  [[nodiscard, gnu::always_inline]] bool try_acquire_for(detail::delay d, std::ptrdiff_t units = 1,
                                                         detail::until_end end = {}) {
    return detail::shell(
        detail::semaphore_try_acquire_until(storage_, units, d.due_ns, end.signal));
  }
  [[nodiscard, gnu::always_inline]] bool try_acquire_until(detail::moment when,
                                                           std::ptrdiff_t units = 1,
                                                           detail::until_end end = {}) {
    return detail::shell(
        detail::semaphore_try_acquire_until(storage_, units, when.due_ns, end.signal));
  }

  // Gives units back, or adds some. Never waits.
  void release(std::ptrdiff_t units = 1) noexcept { detail::semaphore_release(storage_, units); }

 private:
  static constexpr std::int64_t most = INT64_MAX / 4;

  detail::semaphore_storage storage_;
};

}  // namespace weft
