#include "runtime/debug/deadlock.hpp"

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "runtime/debug/collect.hpp"
#include "runtime/debug/print.hpp"
#include "runtime/stack/stack_pool.hpp"
#include "runtime/task/task.hpp"
#include "runtime/task/wait.hpp"

namespace weft::rt {
namespace {

std::string headline(const deadlock_verdict& verdict) {
  if (verdict.definite) return "fatal error: all tasks are asleep - deadlock!\n\n";
  const std::uint32_t n = verdict.unknown_threads;
  if (n == 0) return "possible deadlock: all tasks are asleep\n\n";
  if (n == deadlock_verdict::not_counted)
    return "possible deadlock: all tasks are asleep\n"
           "the threads of the process cannot be counted: one that weft does not know may wake them\n\n";
  return "possible deadlock: all tasks are asleep\n" + std::to_string(n) +
         (n == 1 ? " thread that weft does not know may wake them\n\n"
                 : " threads that weft does not know may wake them\n\n");
}

struct stuck_wait {
  task* who;
  std::uint64_t id;
  const void* pc;
  const void* object;
};

// All are written down first: a task that unwinds may wake another one for good, and that one's
// next wait is no part of this deadlock. False if none of them could be ended: they are destructors'.
bool unwind_stuck() {
  std::vector<stuck_wait> stuck;
  stack_pool::of_class(task_stack_class).for_each([&](stack_span span) {
    task& t = record_of(span);
    if (!t.is_marked() || !t.cancel.is_live()) return;
    t.cancel.inspect([&](const wait_site& site) {
      stuck.push_back({&t, t.id, site.place.pc, site.place.object});
    });
  });
  bool any = false;
  for (const stuck_wait& s : stuck) {
    s.who->cancel.inspect([&](wait_site& site) {
      if (s.who->id == s.id && site.place.pc == s.pc && site.place.object == s.object)
        any = interrupt_wait(site, wait_result::deadlocked) || any;
    });
  }
  return any;
}

}  // namespace

void handle_deadlock(const deadlock_handler& handler, const deadlock_verdict& verdict) noexcept {
  const bool unwind = !handler.is_callback() && handler.action() == deadlock_action::unwind;
  if (unwind && verdict.definite && unwind_stuck()) return;
  collect_how how;
  how.verdict = verdict.definite ? debug::verdict::definite : debug::verdict::possible;
  how.at_rest = verdict.definite && verdict.unknown_threads == 0;
  if (handler.is_callback()) return handler(collect_tasks(how));
  print_error(headline(verdict));  // at once: reading the debug information takes its time
  print_error(collect_tasks(how).text());
  if (verdict.definite) std::_Exit(2);
}

}  // namespace weft::rt
