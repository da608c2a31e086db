// Our own backend: a fresh flow looks suspended just before weft_context_start (start_*.S).
#if defined(WEFT_SWITCH_OWN)

#include <cstdint>
#include <new>

#include "runtime/context/backend.hpp"
#include "runtime/context/sanitizer_hooks.hpp"

extern "C" [[gnu::visibility("hidden")]] void weft_context_start() noexcept;

namespace weft::rt::backend {
namespace {

// At the stack's top, above the first frame; read by weft_context_start.
struct launch {
  void* function;
  void* first;
  void* second;
};

struct fresh {
  suspended_frame frame;  // dead once the flow runs, which starts right above it
  alignas(16) launch start;
};

#if WEFT_ASAN || WEFT_TSAN
// The first frame of a flow: closes the switch that led here.
WEFT_NO_SANITIZE void start_hooked(void* entry, void* arg) {
  hooks::begun();
  reinterpret_cast<context_entry>(entry)(arg);
}
#endif

// Below the stack pointer a leaf function may use this much.
#if defined(__x86_64__)
constexpr std::size_t red_zone_bytes = 128;
#else
constexpr std::size_t red_zone_bytes = 0;
#endif

const suspended_frame& frame_of(const context& flow) noexcept {
  return *static_cast<const suspended_frame*>(flow.sp);
}

}  // namespace

void make(context& flow, context_entry entry, void* arg) noexcept {
  const auto top = reinterpret_cast<std::uintptr_t>(flow.stack.hi) & ~std::uintptr_t{15};
  fresh* const at = ::new (reinterpret_cast<void*>(top - sizeof(fresh))) fresh{};
  void* const function = reinterpret_cast<void*>(entry);
#if WEFT_ASAN || WEFT_TSAN
  at->start = {reinterpret_cast<void*>(&start_hooked), function, arg};
#else
  at->start = {function, arg, nullptr};
#endif
  at->frame = {reinterpret_cast<void*>(&weft_context_start), &at->start, nullptr, &at->start};
  flow.sp = &at->frame;
}

saved_frame frame(const context& flow) noexcept {
  const suspended_frame& at = frame_of(flow);
  return {at.pc, at.sp, at.fp};
}

std::byte* lowest(const context& flow) noexcept {
  return static_cast<std::byte*>(frame_of(flow).sp) - red_zone_bytes;
}

}  // namespace weft::rt::backend

#endif
