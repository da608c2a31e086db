// What the deadlock decision is told about the world outside the scheduler.
#pragma once

#include <cstdint>

namespace weft::rt {

enum class outside_event : std::uint8_t {
  thread_entered,  // a foreign thread has used weft for the first time
  thread_parked,   // it is about to sleep in weft
  thread_running,  // its waker is about to make it ready, or its deadline has passed
  thread_left,     // it has ended
  waker_acquired,  // a weft::waker guard is held, or a foreign thread waits with a deadline
  waker_released,
};

}  // namespace weft::rt
