// A function that is called when a context ends. It lies in a func_timer (runtime/time/func_timer.hpp)
// and is hooked on to the context.
//
// Who unhooks it under the context's lock, stop() or the end, decides whether it is called. If the
// context has a deadline, somebody must notice it: then a due_call is pending, which ends the context.
// References to it: handles, the hook, the pending call; the pending call also keeps the context.
#pragma once

#include <weft/context.hpp>
#include "runtime/cancel/context_core.hpp"
#include "runtime/time/func_timer.hpp"

namespace weft::rt {

struct end_func : func_timer_core, end_hook {
  using end_call = weft::detail::end_call;

  // `of` is null: the background. Throws what go() throws, if a deadline needs a task.
  static void begin(context_core* of, func_timer& fresh, end_call how, const void* pc);
  static bool stop(context_core& of, func_timer& hooked) noexcept;

  context_core* context = nullptr;  // constant; valid while a handle or the pending call exists
  end_call how = end_call::in_task;
  bool is_timed = false;  // constant: a call has been set

 private:
  static end_func& of(func_timer& timer) noexcept {
    return static_cast<end_func&>(func_timer_core::of(timer));
  }
  static end_func& of(end_hook& hook) noexcept { return static_cast<end_func&>(hook); }
  func_timer& timer() noexcept { return *static_cast<func_timer*>(arg); }
  void set_timer();
  void give_up_timer() noexcept;
  void run() noexcept;
};

}  // namespace weft::rt
