// sleep_for and sleep_until. A sleeping task is a wait with a deadline and nothing else.
#include <weft/time.hpp>

#include "runtime/base/choose.hpp"
#include "runtime/task/park.hpp"
#include "runtime/task/wait.hpp"

namespace weft::detail {

void sleep_until_ns(std::int64_t deadline_ns, rt::end_signal* under) {
  rt::checkpoint();
  rt::check_end(under);
  if (deadline_ns <= rt::now_ns()) {
    if (rt::task* self = rt::current_task()) rt::yield_task(*self);
    return;
  }
  const rt::wait_place place{rt::wait_reason::sleep, nullptr, __builtin_return_address(0)};
  rt::throw_if_interrupted(rt::wait_until(place, {deadline_ns, under}), under);
}

}  // namespace weft::detail
