// What the threads of one execution did, kept while it runs and printed only when it fails.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "explorer/atomic.hpp"

namespace weft::model {

enum class step_kind : std::uint8_t {
  load,
  load_later,
  store,
  rmw,
  exchanged,      // compare_exchange that succeeded
  not_exchanged,  // and one that did not
  fence,
  relax,
  futex_wait,
  futex_changed,
  futex_returned,
  futex_timed_out,
  futex_wake,
  started,
  ended,
  note,
};

struct step {
  step_kind kind;
  std::uint8_t thread;
  value_kind value_type = value_kind::unsigned_integer;
  std::uint8_t value_size = 8;
  std::memory_order order = std::memory_order_relaxed;
  std::int32_t location = -1;
  std::uint32_t stale = 0;  // how many newer stores a load did not see
  std::uint64_t before = 0;
  std::uint64_t after = 0;
  const char* site = nullptr;
  std::string text = {};
};

std::string value_text(std::uint64_t bits, value_kind kind, std::uint8_t size);
const char* order_text(std::memory_order order);
// One line, without the thread.
std::string step_text(const step& s, const std::string& location);

}  // namespace weft::model
