#include "runtime/cancel/end_func.hpp"

#include <exception>

namespace weft::rt {

// With the hook's reference.
void end_func::run() noexcept {
  func_timer& function = timer();
  if (how == end_call::in_task) {
    try {
      return start_function(function);
    } catch (const std::exception&) {
      // No runtime, or no memory for a stack: it is called all the same.
    }
  }
  function.run(function);
  release_function(function);
}

void end_func::set_timer() {
  call = [](due_call& self) noexcept {
    auto& func = static_cast<end_func&>(self);
    context_core& ended = *func.context;
    ended.end_tree(end_reason::deadline, nullptr);
    release_function(func.timer());
    ended.release();
  };
  due_call::drop = [](due_call& self) noexcept {
    auto& func = static_cast<end_func&>(self);
    context_core& of = *func.context;
    release_function(func.timer());
    of.release();
  };
  set_due_call(*this, context->deadline_ns);
  is_timed = true;
}

void end_func::give_up_timer() noexcept {
  if (!is_timed || !cancel_due_call(*this)) return;
  context_core& of = *context;
  release_function(timer());
  of.release();
}

void end_func::begin(context_core* of, func_timer& fresh, end_call how, const void* pc) {
  auto& func = *::new (static_cast<void*>(fresh.rest.bytes)) end_func;
  func.made_at = pc;
  func.arg = &fresh;
  func.context = of;
  func.how = how;
  if (of == nullptr) return;
  func.end_hook::fire = [](end_hook& hook) noexcept {
    end_func& self = end_func::of(hook);
    self.give_up_timer();
    self.run();
  };
  func.end_hook::drop = [](end_hook& hook) noexcept { release_function(end_func::of(hook).timer()); };
  retain_function(fresh);  // the hook's
  if (of->deadline_ns != never_ns && !of->has_ended()) {
    of->retain();
    retain_function(fresh);
    try {
      func.set_timer();
    } catch (...) {
      of->release();
      release_function(fresh);
      release_function(fresh);
      throw;
    }
  }
  if (!of->add_hook(func)) {
    func.give_up_timer();
    func.run();
  }
}

bool end_func::stop(context_core& of, func_timer& hooked) noexcept {
  end_func& func = end_func::of(hooked);
  if (!of.remove_hook(func)) return false;
  func.give_up_timer();
  release_function(hooked);
  return true;
}

}  // namespace weft::rt
