// The signal handlers of run(): stack overflow (SIGSEGV, SIGBUS) and SIGQUIT, and the fatal hook.
#pragma once

namespace weft::rt {

void signals_install(bool wanted) noexcept;
void signals_remove() noexcept;

}  // namespace weft::rt
