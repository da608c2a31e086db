// Sockets as the system makes them, the same on every system: close-on-exec, non-blocking, no
// SIGPIPE. The calls that make descriptors stand in a table, so that a test can make them fail.
#pragma once

#include <sys/socket.h>

#include <system_error>

#include <weft/net/conn.hpp>

namespace weft::np {

// Return -1 and set errno, as the system calls do. Any thread may read the table; only a test
// writes it, while nothing else uses sockets.
struct socket_calls {
  int (*socket)(int family, int type) noexcept;  // close-on-exec and non-blocking, as accept's
  int (*accept)(int listening, sockaddr* peer, socklen_t* length) noexcept;
};

socket_calls& sockets_in_use() noexcept;
const socket_calls& sockets_real() noexcept;

// setsockopt with an int; 0 or the errno value.
int set_int_option(int fd, int level, int name, int value) noexcept;

// Both ends of a connection, as the system says; `none` when it does not.
net::address local_address_of(int fd);
net::address remote_address_of(int fd);

// Of a unix socket that is bound; abstract ones have none.
void remove_socket_file(const sockaddr_storage& bound) noexcept;

// Closes fd and sets `error` if there is no memory for a slot.
net::detail::net_descriptor adopt(int fd, std::error_code& error) noexcept;

// Why a call failed, if it did.
struct failure {
  std::error_code code;
  rt::end_signal* ended_by = nullptr;  // the context that ended it

  failure() = default;
  failure(const std::error_code& of, rt::end_signal* end = nullptr) noexcept
      : code(of), ended_by(end) {}
  explicit operator bool() const noexcept { return static_cast<bool>(code); }
};

// accept() for the place `pc` in the user's code.
net::conn accept_at(const net::detail::net_descriptor& from, const void* pc, failure& why,
                    rt::end_signal* under);

// For calls with an optional error_code: stores the code, or throws it with that text, or what the
// context that ended stands for.
void report(const failure& why, std::error_code* error, const char* what);

inline std::error_code system_error_code(int number) noexcept {
  return {number, std::system_category()};
}

}  // namespace weft::np
