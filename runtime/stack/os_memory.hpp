// What stacks ask of the operating system, behind one table so that a test can make each call fail.
//
// Any thread may read the table; only a test writes it, while no other thread allocates stacks.
// Each function returns 0 or the errno value.
#pragma once

#include <cstddef>

namespace weft::rt {

struct os_memory {
  // Address space that is zero when first touched and costs nothing before.
  int (*reserve)(std::size_t bytes, void** out) noexcept;
  int (*unreserve)(void* address, std::size_t bytes) noexcept;
  // Makes pages fault without a mapping of their own (MADV_GUARD_INSTALL, Linux 6.13).
  int (*guard_light)(void* address, std::size_t bytes) noexcept;
  // The same by mprotect: splits the mapping, and vm.max_map_count limits how often.
  int (*guard_mapping)(void* address, std::size_t bytes) noexcept;
  // Whether a light guard at that address works: some emulators accept the call and do nothing.
  bool (*guard_holds)(void* address) noexcept;
};

// The table in use, and the real one.
os_memory& os_memory_in_use() noexcept;
const os_memory& os_memory_real() noexcept;

// bytes rounded up to whole pages.
std::size_t round_up_to_page(std::size_t bytes) noexcept;

}  // namespace weft::rt
