// Our own backend: the first frame of a flow, as switch_x86_64.S and switch_aarch64.S expect it.
#if defined(WEFT_SWITCH_OWN)

#include <cstdint>
#include <cstring>
#include <new>

#include "runtime/context/backend.hpp"
#include "runtime/context/sanitizer_hooks.hpp"

extern "C" [[gnu::visibility("hidden")]] void weft_context_start() noexcept;

namespace weft::rt::backend {
namespace {

#if defined(__x86_64__)

struct suspended {
  std::uint32_t mxcsr;
  std::uint16_t x87_control;
  std::uint16_t unused;
  void *r12, *r13, *r14, *r15, *rbx, *rbp, *pc;
};
static_assert(sizeof(suspended) == 64);

void fill(suspended& at, void* function, void* first, void* second) noexcept {
  asm("stmxcsr %0" : "=m"(at.mxcsr));
  asm("fnstcw %0" : "=m"(at.x87_control));
  at.r12 = function;
  at.rbx = first;
  at.r13 = second;
  at.pc = reinterpret_cast<void*>(&weft_context_start);
}
void* frame_pointer(const suspended& at) noexcept {
  return at.rbp;
}

#elif defined(__aarch64__)

struct suspended {
  std::uint64_t fpcr;
  std::uint64_t unused;
  std::uint64_t d8_to_d15[8];
  void *x19, *x20, *x21, *x22_to_x28[7], *x29, *pc;
};
static_assert(sizeof(suspended) == 176);

void fill(suspended& at, void* function, void* first, void* second) noexcept {
  asm("mrs %0, fpcr" : "=r"(at.fpcr));
  at.x19 = function;
  at.x20 = first;
  at.x21 = second;
  at.pc = reinterpret_cast<void*>(&weft_context_start);
}
void* frame_pointer(const suspended& at) noexcept {
  return at.x29;
}

#endif

#if WEFT_ASAN || WEFT_TSAN
// The first frame of a flow: closes the switch that led here.
WEFT_NO_SANITIZE void start_hooked(void* entry, void* arg) {
  hooks::begun();
  reinterpret_cast<context_entry>(entry)(arg);
}
#endif

}  // namespace

void make(context& flow, context_entry entry, void* arg) noexcept {
  const auto top = reinterpret_cast<std::uintptr_t>(flow.stack.hi) & ~std::uintptr_t{15};
  auto* const at = ::new (reinterpret_cast<void*>(top - sizeof(suspended))) suspended{};
  void* const function = reinterpret_cast<void*>(entry);
#if WEFT_ASAN || WEFT_TSAN
  fill(*at, reinterpret_cast<void*>(&start_hooked), function, arg);
#else
  fill(*at, function, arg, nullptr);
#endif
  flow.sp = at;
}

WEFT_NO_SANITIZE void jump(context& from, context& to) noexcept {
  weft_context_jump(&from.sp, to.sp);
}

saved_frame frame(const context& flow) noexcept {
  const auto* const at = static_cast<const suspended*>(flow.sp);
  return {at->pc, static_cast<std::byte*>(flow.sp) + sizeof(suspended), frame_pointer(*at)};
}

}  // namespace weft::rt::backend

#endif
