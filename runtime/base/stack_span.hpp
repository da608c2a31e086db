// The memory of one stack, as runtime/stack hands it out and runtime/context runs on it.
#pragma once

#include <cstddef>

namespace weft::rt {

// Usable bytes are [lo, hi); the guard lies directly below lo. Empty (no stack) when lo is null.
struct stack_span {
  std::byte* lo = nullptr;
  std::byte* hi = nullptr;

  std::size_t size() const noexcept { return static_cast<std::size_t>(hi - lo); }
  explicit operator bool() const noexcept { return lo != nullptr; }
  bool contains(const void* address) const noexcept {
    return address >= static_cast<const void*>(lo) && address < static_cast<const void*>(hi);
  }
  friend bool operator==(const stack_span&, const stack_span&) = default;
};

}  // namespace weft::rt
