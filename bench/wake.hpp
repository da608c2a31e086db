#pragma once
// The plain thread that wakes a task again and again: the same for each C++ runtime.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>

#include "bench/harness.hpp"

namespace bench {

// wake(now) hands the time over to the task, which counts `answers` up when it runs. The thread
// sleeps in between, so that whoever has nothing to do goes to sleep as well.
template <class Wake>
void wake_from_outside(const args& a, const std::atomic<int>& answers, Wake&& wake) {
  for (int i = 0; i < wake_samples(a); ++i) {
    std::this_thread::sleep_for(std::chrono::nanoseconds(wake_pause_ns));
    wake(steady_ns());
    while (answers.load(std::memory_order_acquire) <= i) {
      std::this_thread::sleep_for(std::chrono::microseconds(20));
    }
  }
}

// wake_busy: a task wakes another and goes on computing until that one has answered, at most so
// long.
template <class Wake>
void wake_and_stay_busy(const args& a, const std::atomic<int>& answers, Wake&& wake) {
  for (int i = 0; i < wake_samples(a); ++i) {
    const std::int64_t busy_until = steady_ns() + wake_pause_ns;
    while (steady_ns() < busy_until) {
    }
    wake(steady_ns());
    const std::int64_t patient_until = steady_ns() + 10 * wake_pause_ns;
    while (answers.load(std::memory_order_acquire) <= i && steady_ns() < patient_until) {
    }
  }
}

}  // namespace bench
