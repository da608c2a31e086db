#include "runtime/debug/panic.hpp"

#include <cxxabi.h>

#include <cstdlib>
#include <exception>
#include <string>
#include <typeinfo>

#include "runtime/debug/collect.hpp"
#include "runtime/debug/last_resort.hpp"
#include "runtime/debug/print.hpp"
#include "runtime/debug/symbol.hpp"

namespace weft::rt {
namespace {

std::string current_exception_text() {
  const std::type_info* type = abi::__cxa_current_exception_type();
  std::string text = "unknown exception";
  if (type != nullptr) text = demangled(type->name());
  try {
    throw;
  } catch (const std::exception& e) {
    text += std::string(": ") + e.what();
  } catch (...) {
  }
  return text;
}

std::string running_task_text(const task& self) {
  debug::deadlock_report one;
  debug::task_report entry;
  entry.ids.push_back(self.id);
  entry.name = self.name;
  entry.reason = "running";
  entry.spawned_by = self.parent_id;
  entry.spawned = symbolise(self.spawn_pc);
  one.tasks.push_back(std::move(entry));
  return one.text();
}

}  // namespace

void panic(const task& self) noexcept {
  const std::string what = "panic: " + current_exception_text() + "\n\n";
  last_resort guard;
  collect_how how;
  how.without = self.id;
  const std::string others = collect_tasks(how).text();
  print_error(what + running_task_text(self) + (others.empty() ? "" : "\n") + others);
  std::_Exit(2);
}

void dump_tasks() noexcept {
  last_resort guard;
  collect_how how;
  how.ask_locks = false;  // fatal() may be called with any of them held
  print_error("\n" + collect_tasks(how).text());
}

}  // namespace weft::rt
