#include <cstdio>
#include <cstdlib>
#include <exception>
#include "runtime/debug/deadlock.hpp"
#include "runtime/debug/leftovers.hpp"
#include "runtime/debug/panic.hpp"
#include "runtime/debug/signals.hpp"
#include "runtime/stack/stack_pool.hpp"
namespace weft::rt {
void dump_tasks() noexcept {
  stack_pool::of_class(task_stack_class).for_each([&](stack_span span) {
    task& t = record_of(span);
    if (t.stamp != task_stamp || !t.cancel.is_live()) return;
    const wait_site* site = t.cancel.site_hint();
    std::fprintf(stderr, "task %llu [%s]: %s\n", (unsigned long long)t.id, site ? to_text(site->place.reason) : "running", t.name);
  });
}
void handle_deadlock(const deadlock_handler&, const deadlock_verdict& v) noexcept {
  std::fprintf(stderr, "%sall tasks are asleep - deadlock!\n", v.definite ? "fatal error: " : "possible deadlock: ");
  dump_tasks();
  if (v.definite) std::_Exit(2);
}
void panic(const task&) noexcept { std::fprintf(stderr, "panic\n"); std::_Exit(2); }
void report_leftovers() noexcept { dump_tasks(); }
void report_unended() noexcept { dump_tasks(); }
void signals_install(bool) noexcept {}
void signals_remove() noexcept {}
}
