// The portable backend: Boost.Context's fcontext, 1.74 and newer.
//
// A fcontext is opaque (its layout changes between releases), and a flow's own is known only to the
// flow that runs next. So who jumps passes a note on its own stack, read by the other side before
// anybody can resume the jumper, and keeps its frame for unwinders itself.
#if defined(WEFT_SWITCH_BOOST)

#include <boost/context/detail/fcontext.hpp>
#include <cfenv>
#include <cstdint>

#include "runtime/context/backend.hpp"
#include "runtime/context/sanitizer_hooks.hpp"

namespace weft::rt::backend {
namespace {

namespace fcontext = boost::context::detail;

struct note {
  context* from;
  context* to;
};

// Floating-point modes where Boost does not preserve them: it does on x86.
#if defined(__x86_64__) || defined(__i386__)
std::uint64_t fp_modes() noexcept {
  return 0;
}
void load_fp_modes(std::uint64_t) noexcept {}
#elif defined(__aarch64__)
std::uint64_t fp_modes() noexcept {
  std::uint64_t control;
  asm volatile("mrs %0, fpcr" : "=r"(control));
  return control;
}
void load_fp_modes(std::uint64_t control) noexcept {
  if (fp_modes() != control) asm volatile("msr fpcr, %0" : : "r"(control));
}
#else
std::uint64_t fp_modes() noexcept {
  return static_cast<std::uint64_t>(std::fegetround());
}
void load_fp_modes(std::uint64_t rounding) noexcept {
  if (fp_modes() != rounding) std::fesetround(static_cast<int>(rounding));
}
#endif

WEFT_NO_SANITIZE void start(fcontext::transfer_t came) noexcept {
  hooks::begun();
  const note said = *static_cast<note*>(came.data);
  said.from->sp = came.fctx;
  load_fp_modes(said.to->fp_modes);
  said.to->entry(said.to->arg);
  weft_context_returned();
}

}  // namespace

void make(context& flow, context_entry entry, void* arg) noexcept {
  flow.entry = entry;
  flow.arg = arg;
  flow.fp_modes = fp_modes();
  flow.frame = {reinterpret_cast<void*>(entry), flow.stack.hi, nullptr};
  flow.sp = fcontext::make_fcontext(flow.stack.hi, flow.stack.size(), &start);
}

WEFT_NO_SANITIZE void jump(context& from, context& to) noexcept {
  void** const here = static_cast<void**>(__builtin_frame_address(0));
  from.frame = {__builtin_return_address(0), here + 2, here[0]};
  from.fp_modes = fp_modes();
  note mine{&from, &to};
  const fcontext::transfer_t came = fcontext::jump_fcontext(to.sp, &mine);
  // Perhaps on another thread. `came` is from whoever switched back.
  static_cast<note*>(came.data)->from->sp = came.fctx;
  load_fp_modes(from.fp_modes);
}

saved_frame frame(const context& flow) noexcept {
  return flow.frame;
}

}  // namespace weft::rt::backend

#endif
