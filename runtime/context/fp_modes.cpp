#include "runtime/context/fp_modes.hpp"

namespace weft::rt {

void load_fp_modes(std::uint32_t modes) noexcept {
#if defined(__x86_64__) || defined(__i386__)
  // First: a sticky flag would trap where the new modes have that exception unmasked.
  asm volatile("fnclex");
#if defined(WEFT_SWITCH_BOOST)
  (void)modes;  // the jump itself loads them, and still has to save the old ones
#else
  std::uint32_t mxcsr;
  asm volatile("stmxcsr %0" : "=m"(mxcsr));
  mxcsr = (mxcsr & ~0xffc0u) | (modes & 0xffc0u);
  asm volatile("ldmxcsr %0" : : "m"(mxcsr));
  const auto x87 = static_cast<std::uint16_t>(modes >> 16);
  asm volatile("fldcw %0" : : "m"(x87));
#endif
#elif defined(__aarch64__)
  asm volatile("msr fpcr, %0" : : "r"(std::uint64_t{modes}));
#else
  std::fesetround(static_cast<int>(modes));
#endif
}

}  // namespace weft::rt
