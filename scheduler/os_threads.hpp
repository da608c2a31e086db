// What the operating system says about threads and processors.
#pragma once

#include <cstdint>

namespace weft::sched {

// Threads of this process, those of sanitizer runtimes not counted; 0 if the system does not tell.
std::uint32_t count_os_threads() noexcept;

// min(affinity mask, cgroup CPU quota rounded up), at least 1.
std::uint32_t usable_processors() noexcept;

}  // namespace weft::sched
