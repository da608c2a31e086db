// Where poll_descs come from. Type-stable: a slot is never given back to the system, so a late
// event may always look at the slot that its tag names and compare generations.
//
// Any thread may call everything.
#pragma once

#include <cstdint>

#include "netpoll/poll_desc.hpp"

namespace weft::np {

// An unused slot, or null when there is no memory (or 2^22 descriptors are open).
poll_desc* allocate_desc() noexcept;

// When end() or release() has said that the last reference is gone.
void free_desc(poll_desc& desc) noexcept;

// The slot of that index, or null if there never was one.
poll_desc* find_desc(std::uint32_t index) noexcept;

// Indices below have existed. Grows only.
std::uint32_t desc_limit() noexcept;

}  // namespace weft::np
