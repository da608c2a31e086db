#include "runtime/debug/signals.hpp"

#include <cxxabi.h>
#include <signal.h>
#include <unistd.h>
#include <unwind.h>

#include <cstdlib>
#include <exception>
#include <string>
#include <typeinfo>

#include <weft/error.hpp>

#include "runtime/base/check.hpp"
#include "runtime/debug/collect.hpp"
#include "runtime/debug/last_resort.hpp"
#include "runtime/debug/panic.hpp"
#include "runtime/debug/symbol.hpp"
#include "runtime/stack/overflow.hpp"
#include "runtime/stack/stack_pool.hpp"
#include "runtime/task/this_thread.hpp"

namespace weft::rt {
namespace {

// Written by install and remove, which are not concurrent; read by handlers in between.
struct sigaction quit_before;
bool quit_is_ours = false;
std::terminate_handler terminate_before = nullptr;

// --- stack overflow ---

void on_overflow(stack_span stack, void* address, void* pc) {
  const task& t = record_of(stack);
  const bool known = t.is_marked();
  {
    raw_text out;
    out << "fatal error: stack overflow\n\n";
    if (known) {
      out << "task " << t.id << " [running]";
      if (t.name[0] != '\0') out << ": " << t.name;
      out << "\n    spawned by task " << t.parent_id << " at " << t.spawn_pc << "\n";
    }
    out << "    its stack has " << static_cast<std::uint64_t>(stack.size())
        << " bytes; the fault is at " << static_cast<const void*>(address) << ", by code at "
        << static_cast<const void*>(pc)
        << "\n    make the recursion less deep, or keep large arrays on the heap\n";
  }
  last_resort guard(false);
  const auto name = [](const char* what, const void* at) {
    const debug::code_place place = symbolise(at);
    raw_text out;
    out << "    " << what << " " << place.function.c_str() << " " << place.file.c_str() << ":"
        << static_cast<std::uint64_t>(place.line) << "\n";
  };
  name("at", static_cast<const char*>(pc) + 1);
  if (known) name("spawned at", t.spawn_pc);
  _exit(2);
}

// --- SIGQUIT ---

void on_quit(int number, siginfo_t* info, void* state) {
  raw_text() << "SIGQUIT: all tasks\n\n";
  {
    last_resort guard;
    const std::string text = collect_tasks({}).text();
    raw_text() << text.c_str();
  }
  if ((quit_before.sa_flags & SA_SIGINFO) != 0)
    quit_before.sa_sigaction(number, info, state);
  else if (quit_before.sa_handler != SIG_DFL && quit_before.sa_handler != SIG_IGN)
    quit_before.sa_handler(number);
  _exit(2);
}

// --- terminate ---

// The innermost frame of the user's, if the stack has not been unwound to below it.
_Unwind_Reason_Code look_at_frame(_Unwind_Context* frame, void* slot) {
  auto& place = *static_cast<debug::code_place*>(slot);
  debug::code_place here = symbolise(reinterpret_cast<const void*>(_Unwind_GetIP(frame)));
  if (here.file.empty() || is_library_file(here.file)) return _URC_NO_REASON;
  place = std::move(here);
  return _URC_END_OF_STACK;
}

// The exception that ended a wait of this task meets a frame that lets none through. Where such a
// frame was inlined the compiler's code has dropped the exception by now, so its type may be unknown.
bool an_interruption_is_stopped(const task& self, const std::type_info* type) noexcept {
  if (type != nullptr) return *type == typeid(task_cancelled) || *type == typeid(deadlocked);
  return this_thread().thrown.who == &self && std::uncaught_exceptions() > 0;
}

std::string stopped_interruption_text(const task& self) {
  const interruption& thrown = this_thread().thrown;
  std::string text = (thrown.by_deadlock ? "deadlock unwinding of task " : "cancellation of task ") +
                     std::to_string(self.id) + " met a noexcept function (or a destructor) in ";
  text += thrown.reason != wait_reason::none
              ? "its wait [" + std::string(to_text(thrown.reason)) + "]"
              : std::string("a blocking call");
  debug::code_place place = symbolise(thrown.pc);
  if (place.file.empty()) _Unwind_Backtrace(&look_at_frame, &place);
  if (!place.function.empty()) text += " at " + place.function;
  if (!place.file.empty()) text += " " + place.file + ":" + std::to_string(place.line);
  return text;
}

[[noreturn]] void on_terminate() {
  const task* self = current_task();
  if (self != nullptr && an_interruption_is_stopped(*self, abi::__cxa_current_exception_type()))
    fatal(stopped_interruption_text(*self).c_str());
  if (terminate_before != nullptr) terminate_before();
  std::abort();
}

}  // namespace

void signals_install(bool wanted) noexcept {
  set_fatal_hook(&dump_tasks);
  const std::terminate_handler before = std::set_terminate(&on_terminate);
  if (before != &on_terminate) terminate_before = before;
  if (!wanted) return;
  (void)overflow_install(&on_overflow);
  struct sigaction ours = {};
  ours.sa_sigaction = &on_quit;
  ours.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigemptyset(&ours.sa_mask);
  quit_is_ours = sigaction(SIGQUIT, &ours, &quit_before) == 0;
}

void signals_remove() noexcept {
  set_fatal_hook(nullptr);
  if (std::get_terminate() == &on_terminate) std::set_terminate(terminate_before);
  overflow_uninstall();
  if (!quit_is_ours) return;
  quit_is_ours = false;
  struct sigaction now = {};
  if (sigaction(SIGQUIT, nullptr, &now) == 0 && (now.sa_flags & SA_SIGINFO) != 0 &&
      now.sa_sigaction == &on_quit)
    sigaction(SIGQUIT, &quit_before, nullptr);
}

}  // namespace weft::rt
