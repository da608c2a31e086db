#include "runtime/debug/held_mutex.hpp"

#include <cstdlib>
#include <string>

#include "runtime/debug/print.hpp"
#include "runtime/debug/symbol.hpp"
#include "runtime/task/wait_reason.hpp"

namespace weft::rt {
namespace {

std::string text_of(const debug::code_place& place) {
  std::string text = place.function + " " + place.file;
  if (place.line != 0) text += ":" + std::to_string(place.line);
  return text;
}

bool is_of_no_interest(const debug::code_place& place) {
  return place.file.find("watch/mutex_watch.cpp") != std::string::npos ||
         place.function.empty() || place.function.rfind("std::", 0) == 0 ||
         place.function.rfind("__gthread", 0) == 0 ||
         place.function.rfind("pthread_mutex", 0) == 0 ||
         place.file.find("/include/c++/") != std::string::npos;
}

std::string where_locked(const held_mutex& held) {
  for (int i = 0; i < held.frames; ++i) {
    const debug::code_place place = symbolise(held.locked_at[i]);
    if (!is_of_no_interest(place)) return text_of(place);
  }
  return "a place that is not known";
}

}  // namespace

constinit atomic<held_mutex_fn> held_mutex_of_this_thread{nullptr};

void check_no_mutex_is_held(const task& self) noexcept {
  const held_mutex_fn look = held_mutex_of_this_thread.load(std::memory_order_relaxed);
  if (look == nullptr) [[likely]]
    return;
  const held_mutex* held = look();
  if (held == nullptr) return;
  // The lock of what it waits for is held here, so nothing is asked about other tasks.
  const wait_site* site = self.cancel.site_hint();
  print_error(std::string("fatal error: a task waits while it holds a std::mutex\n\ntask ") +
              std::to_string(self.id) + " [" +
              (site != nullptr ? to_text(site->place.reason) : "yield") + "]: " + self.name +
              "\n" +
              (site != nullptr ? "    waits at " + text_of(symbolise(site->place.pc)) + "\n" : "") +
              "    locked it at " + where_locked(*held) +
              "\n    use a weft::mutex, unlock before the wait, or hold a weft::pin_thread guard\n");
  std::_Exit(2);
}

}  // namespace weft::rt
