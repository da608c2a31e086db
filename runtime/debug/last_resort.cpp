#include "runtime/debug/last_resort.hpp"

#include <pthread.h>
#include <signal.h>

#include "runtime/stack/stack_pool.hpp"
#include "runtime/task/task.hpp"

namespace weft::rt {
namespace {

constexpr unsigned patience_seconds = 3;

void list_and_leave(int) {
  {
    raw_text out;
    out << "\n(the full report did not come to its end; what is known without it:)\n";
    stack_pool::of_class(task_stack_class).for_each([&](stack_span span) {
      const task& t = record_of(span);
      if (!t.is_marked() || !t.cancel.is_live()) return;
      // The site lies on a stack that is never unmapped: at worst it is an old one.
      const wait_site* site = t.cancel.site_hint();
      out << "task " << t.id << " [" << (site != nullptr ? to_text(site->place.reason) : "running")
          << "]: " << t.name << " spawned at " << t.spawn_pc << "\n";
    });
  }
  _exit(2);
}

void leave(int) { _exit(2); }

}  // namespace

last_resort::last_resort(bool list_tasks) noexcept {
  struct sigaction action = {};
  action.sa_handler = list_tasks ? &list_and_leave : &leave;
  action.sa_flags = SA_ONSTACK;
  sigemptyset(&action.sa_mask);
  sigaction(SIGALRM, &action, nullptr);
  sigset_t ours;
  sigemptyset(&ours);
  sigaddset(&ours, SIGALRM);
  pthread_sigmask(SIG_UNBLOCK, &ours, nullptr);
  alarm(patience_seconds);
}

last_resort::~last_resort() { alarm(0); }

}  // namespace weft::rt
