#include "runtime/debug/leftovers.hpp"

#include <string>

#include "runtime/debug/collect.hpp"
#include "runtime/debug/print.hpp"

namespace weft::rt {
namespace {

void report(const char* what_they_did) {
  const debug::deadlock_report report = collect_tasks({});
  std::size_t count = 0;
  for (const debug::task_report& task : report.tasks) count += task.ids.size();
  if (count == 0) return;
  print_error(std::to_string(count) + (count == 1 ? " task " : " tasks ") + what_they_did + "\n\n" +
              report.text());
}

}  // namespace

void report_leftovers() noexcept { report("remained when the main task returned:"); }

void report_unended() noexcept { report("did not end in time after being cancelled:"); }

}  // namespace weft::rt
