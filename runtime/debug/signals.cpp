#include "runtime/debug/signals.hpp"

#include <cxxabi.h>
#include <signal.h>
#include <unistd.h>

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

[[noreturn]] void on_terminate() {
  const std::type_info* type = abi::__cxa_current_exception_type();
  const task* self = current_task();
  if (self != nullptr && type != nullptr &&
      (*type == typeid(task_cancelled) || *type == typeid(deadlocked))) {
    const std::string what =
        (*type == typeid(deadlocked) ? "deadlock unwinding" : "cancellation") +
        (" of task " + std::to_string(self->id)) +
        " met a noexcept function (or a destructor) that waits in a blocking call";
    fatal(what.c_str());
  }
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
