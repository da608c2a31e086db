#pragma once
// The producers of the select programs: a task a channel, each sends `each` values.

#include <weft/weft.hpp>

#include <cstdint>
#include <span>

namespace bench {

inline void feed(weft::wait_group& ended, std::uint64_t each,
                 std::span<const weft::chan<std::uint64_t>> channels) {
  for (const auto& ch : channels) {
    ended.go([ch, each] {
      for (std::uint64_t i = 0; i < each; ++i) {
        ch.send(i);
      }
    });
  }
}

}  // namespace bench
