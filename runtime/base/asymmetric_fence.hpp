// A store-load fence whose cost is moved to the rare side.
//
// The race it closes is Dekker's: A stores x then reads y, B stores y then reads x, and at least
// one must see the other's store. When A runs on every wait and B once in a program's life
// (cancelling a task), A pays a compiler barrier and B asks the kernel to run a full barrier on
// every thread of the process (membarrier). Without membarrier, both sides are seq_cst fences.
//
// Any thread, any time. light() must be paired with heavy(); two light() sides do not meet. Each
// use names its site, as WEFT_ORDER does.
#pragma once

#include "runtime/base/atomic.hpp"

namespace weft::rt {

#if defined(WEFT_MODEL)
// Both ways of doing it are explored, see model::options::membarrier.
inline void asymmetric_light(const char* site) noexcept {
  model::light_fence(WEFT_ORDER(site, std::memory_order_seq_cst));
}
inline void asymmetric_heavy(const char* site) noexcept {
  model::heavy_fence(WEFT_ORDER(site, std::memory_order_seq_cst));
}
#else
// Written once while the program loads, before any thread of ours exists.
extern bool asymmetric_has_membarrier;

inline void asymmetric_light(const char*) noexcept {
  if (__builtin_expect(asymmetric_has_membarrier, 1))
    std::atomic_signal_fence(std::memory_order_seq_cst);
  else
    std::atomic_thread_fence(std::memory_order_seq_cst);
}

void asymmetric_heavy(const char* site) noexcept;
#endif

}  // namespace weft::rt
