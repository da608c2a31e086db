// The portable backend: how a flow starts.
#if defined(WEFT_SWITCH_BOOST)

#include "runtime/context/backend.hpp"
#include "runtime/context/jump_boost.hpp"
#include "runtime/context/sanitizer_hooks.hpp"

namespace weft::rt::backend {
namespace {

// noexcept ends an exception that leaves the entry, as the end of the stack does in our own switch.
WEFT_NO_SANITIZE void start(boost::context::detail::transfer_t came) noexcept {
  hooks::begun();
  // Nobody called this: a walk along frame pointers ends here.
  *static_cast<void**>(__builtin_frame_address(0)) = nullptr;
  const jump_note said = *static_cast<jump_note*>(came.data);
  note_jumper(came);
  said.to->entry(said.to->arg);
  weft_context_returned();
}

}  // namespace

void make(context& flow, context_entry entry, void* arg) noexcept {
  flow.entry = entry;
  flow.arg = arg;
  flow.frame = {reinterpret_cast<void*>(entry), flow.stack.hi, nullptr};
  flow.sp = boost::context::detail::make_fcontext(flow.stack.hi, flow.stack.size(), &start);
}

saved_frame frame(const context& flow) noexcept {
  return flow.frame;
}

// Opaque, but everywhere the address of what was pushed last.
std::byte* lowest(const context& flow) noexcept {
  return static_cast<std::byte*>(flow.sp);
}

}  // namespace weft::rt::backend

#endif
