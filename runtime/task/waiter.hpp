// Whoever can wait: a task, or a plain OS thread that uses weft from outside (a foreign thread).
//
// Primitives know only this. The difference is looked at on slow paths: when parking and in ready().
#pragma once

#include <cstdint>

namespace weft::rt {

enum class waiter_kind : std::uint8_t { task, thread };

struct waiter {
  constexpr explicit waiter(waiter_kind k) noexcept : kind(k) {}
  const waiter_kind kind;
};

}  // namespace weft::rt
