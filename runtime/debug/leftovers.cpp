#include "runtime/debug/leftovers.hpp"

#include <string>

#include "runtime/debug/collect.hpp"
#include "runtime/debug/print.hpp"

namespace weft::rt {
namespace {

void report(const char* what_they_did, std::uint64_t without) {
  collect_how how;
  how.without = without;
  const debug::deadlock_report report = collect_tasks(how);
  std::size_t count = 0;
  for (const debug::task_report& task : report.tasks) count += task.ids.size();
  if (count == 0) return;
  print_error(std::to_string(count) + (count == 1 ? " task " : " tasks ") + what_they_did + "\n\n" +
              report.text());
}

}  // namespace

void report_leftovers() noexcept {
  constexpr std::uint64_t main_task = 1;  // has returned; its record may be there a moment longer
  report("remained when the main task returned:", main_task);
}

void report_unended() noexcept { report("did not end in time after being cancelled:", 0); }

}  // namespace weft::rt
