#include "runtime/task/this_thread.hpp"

namespace weft::rt {
namespace {
constinit thread_local thread_info the_thread{};
}

#if defined(__clang__)
[[gnu::noinline]]
#else
[[gnu::noipa]]
#endif
thread_info& this_thread() noexcept {
  thread_info* here = &the_thread;
  asm volatile("" : "+r"(here) : : "memory");  // not a pure function: it may differ after a park
  return *here;
}

}  // namespace weft::rt
