// Atomics of everything that runs concurrently in weft: rt::atomic, rt::plain, fences, cpu_relax
// and named memory orders.
//
// Normally these are std::atomic, a transparent wrapper, and the bare order. In a model build
// (WEFT_MODEL) they are the types of the explorer in tests/model, which runs the same structure
// under every schedule and every stale read that the memory model allows. Only model builds have
// the explorer's folder on their include path.
//
// WEFT_ORDER("structure.step", order) names the place where an order is needed. The models weaken
// one named site at a time and demand that this is noticed, so an order that nobody needs does not
// survive. Relaxed operations need no name. A name stands for one place in the whole project.
#pragma once

#include <atomic>
#include <utility>

#if defined(WEFT_MODEL)

#include "explorer/atomic.hpp"

namespace weft::rt {
using model::atomic;
using model::cpu_relax;
using model::plain;
// An object, so that a std::memory_order argument does not bring std's function in as well.
inline constexpr auto atomic_thread_fence = [](std::memory_order order) noexcept {
  model::atomic_thread_fence(order);
};
}  // namespace weft::rt

#define WEFT_ORDER(site, order) (::weft::model::order_at((site), (order)))

#else

namespace weft::rt {

template <class T>
using atomic = std::atomic<T>;

using std::atomic_thread_fence;

// One turn of a spin loop: tells the processor, and in the model lets another thread go on first.
// Every loop that waits for another thread's store calls it.
inline void cpu_relax() noexcept {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("isb" ::: "memory");
#elif defined(__arm__)
  asm volatile("yield" ::: "memory");
#endif
}

// A field that is not atomic and whose accesses must be ordered by something else; the model
// reports two accesses that are not. Costs nothing here. read() and write() say which is meant; the
// conversions let it stand in for a T.
template <class T>
class plain {
 public:
  constexpr plain() noexcept(noexcept(T())) : value_() {}
  constexpr plain(T value) noexcept(noexcept(T(std::move(value)))) : value_(std::move(value)) {}
  plain(const plain&) = delete;
  plain& operator=(const plain&) = delete;

  const T& read() const noexcept { return value_; }
  T& write() noexcept { return value_; }

  operator const T&() const noexcept { return value_; }
  plain& operator=(T value) noexcept(noexcept(value_ = std::move(value))) {
    value_ = std::move(value);
    return *this;
  }

 private:
  T value_;
};

}  // namespace weft::rt

#define WEFT_ORDER(site, order) (order)

#endif
