// Tasks that remain when the main task has returned.
#pragma once

namespace weft::rt {

// options.report_leftovers: each task that remains, where it was spawned and what it waits for.
// Tasks may be running meanwhile.
void report_leftovers() noexcept;

// After exit_grace: those that have not ended although they were cancelled.
void report_unended() noexcept;

}  // namespace weft::rt
