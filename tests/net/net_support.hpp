// What the socket tests share: connected pairs, an echo task, times.
#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <string>
#include <system_error>
#include <utility>

#include <weft/net.hpp>
#include <weft/weft.hpp>
#include "tests/support/run.hpp"

namespace weft_test {

namespace net = weft::net;
using namespace std::chrono_literals;

inline std::chrono::steady_clock::time_point from_now(std::chrono::nanoseconds d) {
  return std::chrono::steady_clock::now() + d;
}

inline net::listener local_listener() { return net::listen("tcp", "127.0.0.1:0"); }

inline net::conn dial(const net::listener& to) {
  return net::dial("tcp", to.local_address().to_string());
}

// Two ends of one TCP connection.
struct pair {
  net::conn a, b;
  explicit pair(net::listener listening = local_listener()) {
    a = dial(listening);
    b = listening.accept();
  }
};

// Sends back what it gets until the peer has sent all.
inline void echo(net::conn& c) {
  std::array<char, 2048> buffer;
  while (const std::size_t n = c.read_some(buffer))
    c.write_all(net::const_bytes(buffer.data(), n));
}

inline std::string read_text(net::conn& c, std::size_t size) {
  std::string text(size, '\0');
  text.resize(c.read_full(text));
  return text;
}

// The peer gets a reset instead of the end of the stream.
inline void reset(net::conn& c) {
  const linger now{1, 0};
  ::setsockopt(c.native_handle(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
  c.close();
}

// More than the system's buffers between two ends take.
inline const std::string& too_much() {
  static const std::string data(64 << 20, 'w');
  return data;
}

}  // namespace weft_test
