// Floating-point control modes: rounding, exception masks, flush to zero; not the sticky flags.
//
// Of the calling thread. Part of context_switch, which reads them each time and loads them only if
// they differ: a load that changes MXCSR drains the pipeline (60 ns where the flags alone
// differed).
#pragma once

#include <cstdint>

#if !defined(__x86_64__) && !defined(__i386__) && !defined(__aarch64__)
#include <cfenv>
#endif

namespace weft::rt {

inline std::uint32_t fp_modes() noexcept {
#if defined(__x86_64__) || defined(__i386__)
  std::uint32_t mxcsr;
  std::uint16_t x87;
  asm volatile("stmxcsr %0" : "=m"(mxcsr));
  asm volatile("fnstcw %0" : "=m"(x87));
  return (mxcsr & 0xffc0u) | std::uint32_t{x87} << 16;
#elif defined(__aarch64__)
  std::uint64_t fpcr;
  asm volatile("mrs %0, fpcr" : "=r"(fpcr));
  return static_cast<std::uint32_t>(fpcr);
#else
  return static_cast<std::uint32_t>(std::fegetround());
#endif
}

// Before the jump to a flow that has other modes. Sticky flags stay as they are, except those of the
// x87 unit, which are cleared.
[[gnu::noinline, gnu::cold]] void load_fp_modes(std::uint32_t modes) noexcept;

}  // namespace weft::rt
