// What channels bring to select (see runtime/task/select_case.hpp), inline, because select asks
// channels directly. The tables are in chan_select.cpp.
#pragma once

#include "runtime/chan/chan_core.hpp"
#include "runtime/task/select_case.hpp"

namespace weft::rt {

inline chan_core& chan_of(const select_case& c) noexcept {
  return *static_cast<chan_core*>(static_cast<chan_head*>(c.object));
}

inline bool chan_recv_looks_ready(const select_case& c) noexcept {
  return chan_head::recv_looks_ready(chan_of(c).look());
}

inline bool chan_send_looks_ready(const select_case& c) noexcept {
  const chan_core& core = chan_of(c);
  return core.send_looks_ready(core.look());
}

inline select_poll to_poll(chan_core::attempt attempt) noexcept {
  switch (attempt) {
    case chan_core::attempt::done: return select_poll::done;
    case chan_core::attempt::closed: return select_poll::closed;
    case chan_core::attempt::blocked: break;
  }
  return select_poll::not_ready;
}

inline select_poll chan_recv_poll_locked(select_case& c, wake_up& wake) noexcept {
  return to_poll(chan_of(c).recv_locked(c.cell, wake));
}

inline select_poll chan_send_poll_locked(select_case& c, wake_up& wake) noexcept {
  chan_core& core = chan_of(c);
  if (c.operand != nullptr && !c.is_prepared) {
    const std::uint64_t seen = core.look();
    if ((seen & chan_head::closed) != 0) return select_poll::closed;
    return core.send_looks_ready(seen) ? select_poll::needs_operand : select_poll::not_ready;
  }
  return to_poll(core.send_locked(c.cell, wake));
}

}  // namespace weft::rt
