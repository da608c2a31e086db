// Waiting for any pollable descriptor: a pipe, a terminal, a socket of somebody else's library.
//
// Wait until the descriptor can be read (written) without blocking, is at its end or has an error.
// Regular files always can. It must stay open during the wait and should be non-blocking: that it
// was ready does not mean that it still is.
#pragma once

#include <cstdint>
#include <system_error>

#include <weft/net/conn.hpp>

namespace weft::net {
namespace detail {
WEFT_API void wait_fd(int fd, bool for_write, std::int64_t deadline_ns, std::error_code* error,
                      rt::end_signal* under);
}

[[gnu::always_inline]] inline void wait_readable(int fd, deadline until = {}, until_end end = {}) {
  detail::wait_fd(fd, false, until.ns(), nullptr, end.signal);
  detail::end_of_shell();
}
[[gnu::always_inline]] inline void wait_readable(int fd, until_end end) {
  detail::wait_fd(fd, false, detail::never, nullptr, end.signal);
  detail::end_of_shell();
}
[[gnu::always_inline]] inline void wait_readable(int fd, deadline until, std::error_code& error,
                                          until_end end = {}) {
  detail::wait_fd(fd, false, until.ns(), &error, end.signal);
  detail::end_of_shell();
}
[[gnu::always_inline]] inline void wait_readable(int fd, std::error_code& error,
                                          until_end end = {}) {
  detail::wait_fd(fd, false, detail::never, &error, end.signal);
  detail::end_of_shell();
}

[[gnu::always_inline]] inline void wait_writable(int fd, deadline until = {}, until_end end = {}) {
  detail::wait_fd(fd, true, until.ns(), nullptr, end.signal);
  detail::end_of_shell();
}
[[gnu::always_inline]] inline void wait_writable(int fd, until_end end) {
  detail::wait_fd(fd, true, detail::never, nullptr, end.signal);
  detail::end_of_shell();
}
[[gnu::always_inline]] inline void wait_writable(int fd, deadline until, std::error_code& error,
                                          until_end end = {}) {
  detail::wait_fd(fd, true, until.ns(), &error, end.signal);
  detail::end_of_shell();
}
[[gnu::always_inline]] inline void wait_writable(int fd, std::error_code& error,
                                          until_end end = {}) {
  detail::wait_fd(fd, true, detail::never, &error, end.signal);
  detail::end_of_shell();
}

}  // namespace weft::net
