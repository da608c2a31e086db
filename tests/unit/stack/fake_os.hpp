// Puts failing system calls under the stacks while it lives.
#pragma once

#include <cerrno>

#include "runtime/stack/os_memory.hpp"

namespace weft::rt::test {

struct fake_os {
  fake_os() : os(os_memory_in_use()) {}
  ~fake_os() { os_memory_in_use() = os_memory_real(); }
  fake_os(const fake_os&) = delete;
  fake_os& operator=(const fake_os&) = delete;

  os_memory& os;

  void no_address_space() {
    os.reserve = [](std::size_t, void**) noexcept { return ENOMEM; };
  }
  void old_kernel() {
    os.guard_light = [](void*, std::size_t) noexcept { return EINVAL; };
  }
  void guards_that_do_nothing() {
    os.guard_light = [](void*, std::size_t) noexcept { return 0; };
  }
  void no_more_mappings() {
    os.guard_mapping = [](void*, std::size_t) noexcept { return ENOMEM; };
  }
};

}  // namespace weft::rt::test
