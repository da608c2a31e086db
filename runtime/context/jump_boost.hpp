// The portable jump: Boost.Context's fcontext, 1.74 and newer.
//
// Internal to runtime/context. A fcontext is opaque (its layout changes between releases), and a
// flow's own is known only to the flow that runs next. So who jumps passes a note on its own stack,
// read by the other side before anybody can resume the jumper, and keeps its frame for unwinders.
#pragma once

#include <boost/context/detail/fcontext.hpp>

#include "runtime/context/context.hpp"
#include "runtime/context/sanitizer_hooks.hpp"

namespace weft::rt {

struct jump_note {
  context* from;
  context* to;
};

// On the other side of a jump: the flow that jumped is now suspended.
[[gnu::always_inline]] WEFT_NO_SANITIZE inline void note_jumper(
    const boost::context::detail::transfer_t& came) noexcept {
  static_cast<jump_note*>(came.data)->from->sp = came.fctx;
}

// From the function itself that unwinders shall see as the switch: its frame is recorded.
[[gnu::always_inline]] WEFT_NO_SANITIZE inline void jump_boost(context& from,
                                                               context& to) noexcept {
  void** const here = static_cast<void**>(__builtin_frame_address(0));
  from.frame = {__builtin_return_address(0), here + 2, here[0]};
  jump_note mine{&from, &to};
  note_jumper(boost::context::detail::jump_fcontext(to.sp, &mine));
}

}  // namespace weft::rt
