// A connection: a stream socket whose calls wait as tasks (or foreign threads) wait.
//
// Movable only. One task may read while another writes; a second reader or writer at the same time
// gets std::errc::operation_in_progress. close() and the set_ functions may come from any task.
// Moving from it or destroying it while another task is inside is an error of the program.
//
// Each call that can fail throws std::system_error, or reports in the std::error_code&; a cancelled
// task's calls throw weft::task_cancelled in both forms. Errors of our own:
//   std::errc::timed_out              the deadline passed, before or during the call
//   std::errc::operation_canceled     close() came during the call
//   std::errc::bad_file_descriptor    it was closed before
// A context that ends a call throws, or is told in the error_code as the context's err().
// Writing to a connection that is gone is an error, never a SIGPIPE.
#pragma once

#include <chrono>
#include <cstddef>
#include <string_view>
#include <system_error>
#include <utility>

#include <weft/detail/deadline.hpp>
#include <weft/detail/export.hpp>
#include <weft/detail/net_descriptor.hpp>
#include <weft/detail/shell.hpp>
#include <weft/detail/until_end.hpp>
#include <weft/net/address.hpp>
#include <weft/net/buffer.hpp>

namespace weft::net {

using weft::detail::until_end;

// When a call gives up: a time point of any clock. None, {} and time_point::max() mean never.
class deadline {
 public:
  constexpr deadline() noexcept = default;
  template <class Clock, class Duration>
  deadline(std::chrono::time_point<Clock, Duration> when) {
    using point = std::chrono::time_point<Clock, Duration>;
    if (when != point{} && when != point::max()) ns_ = weft::detail::deadline_at(when);
  }
  std::int64_t ns() const noexcept { return ns_; }

 private:
  std::int64_t ns_ = weft::detail::never;  // of the steady clock
};

namespace detail {

using weft::detail::end_of_shell;
using weft::detail::net_descriptor;
using weft::detail::never;

// For what else works on a connection or listener: select, serve.
struct descriptor_access {
  template <class T>
  static const net_descriptor& of(const T& handle) noexcept { return handle.descriptor_; }
};

// The return address of these is the place of a wait in reports. Null error: they throw.
WEFT_API std::size_t read_some(const net_descriptor& from, mutable_bytes into,
                               std::error_code* error, rt::end_signal* under);
WEFT_API std::size_t read_full(const net_descriptor& from, mutable_bytes into,
                               std::error_code* error, rt::end_signal* under);
WEFT_API std::size_t write_some(const net_descriptor& to, const_bytes data, std::error_code* error,
                                rt::end_signal* under);
WEFT_API std::size_t write_all(const net_descriptor& to, const_bytes data, std::error_code* error,
                               rt::end_signal* under);

WEFT_API void close_write(const net_descriptor& of, std::error_code* error);
WEFT_API void set_option(const net_descriptor& of, int level, int name, int value,
                         std::error_code* error);
WEFT_API void set_no_delay(const net_descriptor& of, bool on, std::error_code* error);
WEFT_API void set_keep_alive(const net_descriptor& of, bool on, std::error_code* error);
WEFT_API address local_address(const net_descriptor& of, std::error_code* error);

}  // namespace detail

class conn {
 public:
  conn() noexcept = default;  // not open
  conn(detail::net_descriptor opened, address remote) noexcept
      : descriptor_(std::move(opened)), remote_(std::move(remote)) {}

  // Waits until there is something, at most as much as fits; 0: the peer has sent all it will (or
  // `into` is empty).
  [[gnu::always_inline]] std::size_t read_some(mutable_bytes into, until_end end = {}) {
    return weft::detail::shell(detail::read_some(descriptor_, into, nullptr, end.signal));
  }
  [[gnu::always_inline]] std::size_t read_some(mutable_bytes into, std::error_code& error,
                                               until_end end = {}) {
    return weft::detail::shell(detail::read_some(descriptor_, into, &error, end.signal));
  }

  // Waits until `into` is full; less only at the end of the stream or at an error.
  [[gnu::always_inline]] std::size_t read_full(mutable_bytes into, until_end end = {}) {
    return weft::detail::shell(detail::read_full(descriptor_, into, nullptr, end.signal));
  }
  [[gnu::always_inline]] std::size_t read_full(mutable_bytes into, std::error_code& error,
                                               until_end end = {}) {
    return weft::detail::shell(detail::read_full(descriptor_, into, &error, end.signal));
  }

  // Waits until something could be handed to the system, and returns how much.
  [[gnu::always_inline]] std::size_t write_some(const_bytes data, until_end end = {}) {
    return weft::detail::shell(detail::write_some(descriptor_, data, nullptr, end.signal));
  }
  [[gnu::always_inline]] std::size_t write_some(const_bytes data, std::error_code& error,
                                                until_end end = {}) {
    return weft::detail::shell(detail::write_some(descriptor_, data, &error, end.signal));
  }

  // Waits until all is handed to the system; returns how much, less only at an error.
  [[gnu::always_inline]] std::size_t write_all(const_bytes data, until_end end = {}) {
    return weft::detail::shell(detail::write_all(descriptor_, data, nullptr, end.signal));
  }
  [[gnu::always_inline]] std::size_t write_all(const_bytes data, std::error_code& error,
                                               until_end end = {}) {
    return weft::detail::shell(detail::write_all(descriptor_, data, &error, end.signal));
  }

  // Whoever waits in a call gets std::errc::operation_canceled. The descriptor's number is free
  // when it returns. The second time does nothing. Never waits for the network.
  void close() noexcept { descriptor_.close(); }

  // The peer reads the end of the stream; reading goes on.
  void close_write() { detail::close_write(descriptor_, nullptr); }
  void close_write(std::error_code& error) { detail::close_write(descriptor_, &error); }

  bool is_open() const noexcept { return descriptor_.is_open(); }
  explicit operator bool() const noexcept { return is_open(); }

  // Calls that are under way or come later end with std::errc::timed_out once it is past, until it
  // is set again.
  void set_deadline(deadline when) noexcept { set_deadlines(true, true, when); }
  void set_read_deadline(deadline when) noexcept { set_deadlines(true, false, when); }
  void set_write_deadline(deadline when) noexcept { set_deadlines(false, true, when); }

  address local_address() const { return detail::local_address(descriptor_, nullptr); }
  address local_address(std::error_code& error) const {
    return detail::local_address(descriptor_, &error);
  }
  // As it was when the connection was made; also after it is gone.
  const address& remote_address() const noexcept { return remote_; }

  // TCP sends small writes at once unless this is switched off (default: on).
  void set_no_delay(bool on) { detail::set_no_delay(descriptor_, on, nullptr); }
  void set_no_delay(bool on, std::error_code& error) {
    detail::set_no_delay(descriptor_, on, &error);
  }
  void set_keep_alive(bool on) { detail::set_keep_alive(descriptor_, on, nullptr); }
  void set_keep_alive(bool on, std::error_code& error) {
    detail::set_keep_alive(descriptor_, on, &error);
  }
  // setsockopt() with an int.
  void set_option(int level, int name, int value) {
    detail::set_option(descriptor_, level, name, value, nullptr);
  }
  void set_option(int level, int name, int value, std::error_code& error) {
    detail::set_option(descriptor_, level, name, value, &error);
  }

  // -1 when not open. Non-blocking; it stays ours.
  int native_handle() const noexcept { return descriptor_.number(); }

 private:
  friend struct detail::descriptor_access;

  void set_deadlines(bool of_read, bool of_write, deadline when) noexcept {
    descriptor_.set_deadline(of_read, of_write, when.ns());
  }

  detail::net_descriptor descriptor_;
  address remote_;
};

namespace detail {
WEFT_API conn dial(std::string_view network, std::string_view where, std::int64_t deadline_ns,
                   std::error_code* error, rt::end_signal* under);
}

// Connects. Networks: "tcp", "tcp4", "tcp6" with "host:port" (IPv6 in brackets, no host: this
// machine) and "unix" with a path. Numeric hosts need no lookup; of a name's addresses each is
// tried in turn. The error is that of the last one tried, or of the lookup.
[[gnu::always_inline]] inline conn dial(std::string_view network, std::string_view where,
                                        until_end end = {}) {
  conn made = detail::dial(network, where, detail::never, nullptr, end.signal);
  detail::end_of_shell();
  return made;
}
[[gnu::always_inline]] inline conn dial(std::string_view network, std::string_view where,
                                        std::error_code& error, until_end end = {}) {
  conn made = detail::dial(network, where, detail::never, &error, end.signal);
  detail::end_of_shell();
  return made;
}
// Gives up at the deadline with std::errc::timed_out; a lookup under way is waited for.
[[gnu::always_inline]] inline conn dial(std::string_view network, std::string_view where,
                                        deadline give_up, until_end end = {}) {
  conn made = detail::dial(network, where, give_up.ns(), nullptr, end.signal);
  detail::end_of_shell();
  return made;
}
[[gnu::always_inline]] inline conn dial(std::string_view network, std::string_view where,
                                        deadline give_up, std::error_code& error,
                                        until_end end = {}) {
  conn made = detail::dial(network, where, give_up.ns(), &error, end.signal);
  detail::end_of_shell();
  return made;
}

}  // namespace weft::net
