// A server's loop: a task for each connection, until the listener is closed.
#pragma once

#include <cstdint>
#include <system_error>
#include <type_traits>
#include <utility>

#include <weft/net/listener.hpp>
#include <weft/task.hpp>

namespace weft::net {
namespace detail {

// Pauses that double while the system is out of something.
struct serve_state {
  std::int64_t pause_ns = 0;
};

// The next connection; not open when the listener has been closed. Waits and tries again when the
// system is out of descriptors or memory.
WEFT_API conn serve_next(const net_descriptor& from, serve_state& state, rt::end_signal* under);

WEFT_API void serve_pause(serve_state& state, rt::end_signal* under);

}  // namespace detail

// Calls a copy of handler(conn) in a task of its own for each connection. Returns when the listener
// has been closed; connections may still be under way then. A std::system_error that leaves the
// handler (the peer is gone, a deadline has passed) ends that connection only, any other exception
// is fatal as in go(). Running out of descriptors, memory or stacks delays, but does not end it.
template <class Handler>
  requires std::is_invocable_v<std::decay_t<Handler>&, conn>
[[gnu::always_inline]] inline void serve(listener& from, Handler&& handler, until_end end = {}) {
  detail::serve_state state;
  for (;;) {
    conn next = detail::serve_next(detail::descriptor_access::of(from), state, end.signal);
    if (!next.is_open()) return;
    try {
      go([handler, peer = std::move(next)]() mutable {
        try {
          handler(std::move(peer));
        } catch (const std::system_error&) {
        }
      });
    } catch (const std::system_error&) {
      detail::serve_pause(state, end.signal);  // no stack for the task: the connection is closed
    }
  }
}

template <class Handler>
  requires std::is_invocable_v<std::decay_t<Handler>&, conn>
[[gnu::always_inline]] inline void serve(listener&& from, Handler&& handler,
                                         until_end end = {}) {
  serve(from, std::forward<Handler>(handler), end);
}

}  // namespace weft::net
