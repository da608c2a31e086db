// A timer as its owner holds it: one deadline and what to do then. It lives on the waiter's stack or
// in the object it belongs to; the heap that holds it is runtime/time's, the heaps are the
// scheduler's, one a processor.
#pragma once

#include <cstdint>

namespace weft::rt {

class timer_heap;

struct timer_node {
  // Called when due, under the heap's lock: short, no user code, must not arm or disarm. It may
  // claim a winner word and make a task ready; the node may be gone when its waiter has run.
  void (*fire)(timer_node&) noexcept = nullptr;
  void* arg = nullptr;

  // Under the heap's lock, but for `heap`, which the owner sets when it arms.
  std::int64_t when_ns = 0;
  timer_heap* heap = nullptr;   // the heap it was armed in; null before
  std::uint32_t position = 0;   // 1-based place in the heap; 0: not armed, or fired
};

}  // namespace weft::rt
