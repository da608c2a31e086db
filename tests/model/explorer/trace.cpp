#include "explorer/trace.hpp"

#include <cstdio>

namespace weft::model {

std::string value_text(std::uint64_t bits, value_kind kind, std::uint8_t size) {
  char buffer[40];
  switch (kind) {
    case value_kind::boolean:
      return bits != 0 ? "true" : "false";
    case value_kind::signed_integer: {
      const unsigned shift = 64u - 8u * size;
      const auto value = static_cast<std::int64_t>(bits << shift) >> shift;
      return std::to_string(value);
    }
    case value_kind::pointer:
      if (bits == 0) return "null";
      break;
    case value_kind::unsigned_integer:
      if (bits < 100'000) return std::to_string(bits);
      break;
  }
  std::snprintf(buffer, sizeof buffer, "0x%llx", static_cast<unsigned long long>(bits));
  return buffer;
}

const char* order_text(std::memory_order order) {
  switch (order) {
    case std::memory_order_relaxed:
      return "relaxed";
    case std::memory_order_consume:
    case std::memory_order_acquire:
      return "acquire";
    case std::memory_order_release:
      return "release";
    case std::memory_order_acq_rel:
      return "acq_rel";
    case std::memory_order_seq_cst:
      return "seq_cst";
  }
  return "?";
}

std::string step_text(const step& s, const std::string& location) {
  const auto value = [&](std::uint64_t bits) {
    return value_text(bits, s.value_type, s.value_size);
  };
  const std::string where = location + " " + order_text(s.order);
  std::string line;
  switch (s.kind) {
    case step_kind::load:
      line = "load       " + where + " -> " + value(s.before);
      if (s.stale != 0) line += "   (stale by " + std::to_string(s.stale) + ")";
      break;
    case step_kind::load_later:
      line = "load       " + where + " -> " + value(s.before) + "   (stored later)";
      break;
    case step_kind::store:
      line = "store      " + where + " <- " + value(s.after);
      break;
    case step_kind::rmw:
    case step_kind::exchanged:
      line = s.kind == step_kind::rmw ? "rmw        " : "exchanged  ";
      line += where + " " + value(s.before) + " => " + value(s.after);
      break;
    case step_kind::not_exchanged:
      line = "cas failed " + where + " -> " + value(s.before);
      if (s.stale != 0) line += "   (stale by " + std::to_string(s.stale) + ")";
      break;
    case step_kind::fence:
      line = std::string("fence      ") + order_text(s.order);
      break;
    case step_kind::relax:
      line = "cpu_relax";
      break;
    case step_kind::futex_wait:
      line = "futex_wait " + location + " while " + value(s.before);
      break;
    case step_kind::futex_changed:
      line = "futex_wait " + location + " found " + value(s.before);
      break;
    case step_kind::futex_returned:
      line = "futex_wait " + location + " returns";
      break;
    case step_kind::futex_timed_out:
      line = "futex_wait " + location + " times out";
      break;
    case step_kind::futex_wake:
      line = "futex_wake " + location + ", woke " + std::to_string(s.after);
      break;
    case step_kind::started:
      line = "starts";
      break;
    case step_kind::ended:
      line = "ends";
      break;
    case step_kind::note:
      line = s.text;
      break;
  }
  if (s.site != nullptr) line += std::string("   [") + s.site + "]";
  return line;
}

}  // namespace weft::model
