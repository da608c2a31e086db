// What a thread of the explorer knows: for each location the oldest store that it may still read,
// and for each thread how far that thread's steps happened before its own.
//
// The memory model is written as views that travel with stores (a release store carries its
// writer's view, an acquire load takes it over), which makes coherence, release sequences and
// fences a handful of joins. memory.cpp has the rules.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace weft::model {

inline constexpr std::size_t max_threads = 8;
inline constexpr std::size_t max_locations = 160;

struct view {
  std::array<std::uint16_t, max_locations> seen{};  // index into each location's store history
  std::array<std::uint16_t, max_threads> clock{};   // happens-before, for data races

  void join_seen(const view& other, std::size_t locations) noexcept {
    for (std::size_t i = 0; i < locations; ++i) seen[i] = std::max(seen[i], other.seen[i]);
  }
  void join(const view& other, std::size_t locations) noexcept {
    join_seen(other, locations);
    for (std::size_t i = 0; i < max_threads; ++i) clock[i] = std::max(clock[i], other.clock[i]);
  }
};

}  // namespace weft::model
