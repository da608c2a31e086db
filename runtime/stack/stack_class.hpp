// The sizes in which stacks are handed out.
//
// Constant; any thread. A growth policy may use the larger classes; `task_stack_class` is what a
// task starts with.
#pragma once

#include <cstddef>
#include <cstdint>

namespace weft::rt {

struct stack_class {
  std::size_t usable_bytes;          // between the guard and the slot's end
  std::uint32_t first_slab_slots;    // address space reserved at first
  std::uint32_t largest_slab_slots;  // each slab is twice the one before, up to this
};

inline constexpr stack_class stack_classes[] = {
    {std::size_t{256} << 10, 64, 1u << 16},
    {std::size_t{1} << 20, 16, 1u << 14},
    {std::size_t{64} << 20, 4, 1u << 8},
};
inline constexpr std::size_t stack_class_count = sizeof(stack_classes) / sizeof(stack_classes[0]);
inline constexpr std::size_t task_stack_class = 0;

// Below each stack. Wider than a page so that a large frame which skips the first page still hits
// it.
inline constexpr std::size_t stack_guard_bytes = std::size_t{64} << 10;

}  // namespace weft::rt
