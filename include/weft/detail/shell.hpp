// How a public call keeps its place in the user's source: the shell is inlined into the user's
// function, so the return address that the out-of-line core sees is the user's own line.
//
//   [[gnu::always_inline]] void lock() { detail::thing_lock(storage_); detail::end_of_shell(); }
//   [[gnu::always_inline]] bool ask() { return detail::shell(detail::thing_ask(storage_)); }
//
// Without end_of_shell() a core call that comes last in the user's function becomes a jump, and the
// return address that of the function's caller.
#pragma once

namespace weft::detail {

[[gnu::always_inline]] inline void end_of_shell() noexcept { asm volatile(""); }

// Passes a result on; R is a number.
template <class R>
[[gnu::always_inline]] inline R shell(R result) noexcept {
  end_of_shell();
  return result;
}

}  // namespace weft::detail
