// What a report can say about a channel that somebody waits for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weft::rt {

struct chan_info {
  std::string_view type;  // of its values, as the compiler writes it: "int"
  std::size_t cap = 0;
  std::size_t len = 0;
  bool closed = false;
  std::uint32_t waiting_senders = 0;
  std::uint32_t waiting_receivers = 0;
  std::uint32_t handles = 0;       // how many refer to it
  const void* made_at = nullptr;   // return address of make_chan in the user's code
};

// The object of a wait_place or wait_case whose reason is chan_send or chan_receive; it is alive
// while somebody waits. Null gives an empty answer. Any thread; does not wait for the channel's
// lock: if somebody holds it the waiters are not counted.
chan_info describe_chan(const void* core) noexcept;

}  // namespace weft::rt
