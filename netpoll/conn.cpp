// What conn's members do: try the system call, wait when it would block, try again.
#include <weft/net/conn.hpp>

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "netpoll/operation.hpp"
#include "netpoll/socket.hpp"
#include "runtime/task/wait.hpp"

#if !defined(MSG_NOSIGNAL)
#define MSG_NOSIGNAL 0  // there SO_NOSIGPIPE is set
#endif

namespace weft::net::detail {
namespace {

using np::access;
using np::operation;
using np::side;

bool would_block(int error) noexcept { return error == EAGAIN; }

enum class amount : bool { some, all };

struct transferred {
  std::size_t bytes = 0;
  np::failure error;
  bool busy = false;
};

// Try is ssize_t(int fd, std::size_t done). A zero ends a read, it is the end of the stream.
template <class Try>
transferred transfer(const net_descriptor& descriptor, side which, std::size_t size,
                     amount how_much, const rt::wait_place& place, rt::end_signal* under,
                     Try&& attempt) {
  rt::checkpoint();
  operation op(descriptor.get(), which, access::one_at_a_time, under);
  transferred result;
  while (op && result.bytes < size) {
    const ssize_t n = attempt(op.fd(), result.bytes);
    if (n > 0) {
      result.bytes += static_cast<std::size_t>(n);
      if (how_much == amount::some || result.bytes == size) break;
      op.again();
    } else if (n == 0) {
      break;
    } else if (would_block(errno)) {
      op.wait(place);
    } else if (errno != EINTR) {
      op.fail(errno);
    }
  }
  result.error = {op.error(), op.ended_by()};
  result.busy = op.is_busy();
  return result;
}

std::size_t read(const net_descriptor& from, mutable_bytes into, amount how_much,
                 std::error_code* error, rt::end_signal* under, const void* pc) {
  const rt::wait_place place{rt::wait_reason::io_read, from.get(), pc};
  auto* data = static_cast<char*>(into.data());
  const transferred done =
      transfer(from, side::read, into.size(), how_much, place, under, [&](int fd, std::size_t at) {
        return ::recv(fd, data + at, into.size() - at, 0);
      });
  np::report(done.error, error, done.busy ? "weft: two tasks read one connection" : "read");
  return done.bytes;
}

std::size_t write(const net_descriptor& to, const_bytes data, amount how_much,
                  std::error_code* error, rt::end_signal* under, const void* pc) {
  const rt::wait_place place{rt::wait_reason::io_write, to.get(), pc};
  const auto* bytes = static_cast<const char*>(data.data());
  const transferred done =
      transfer(to, side::write, data.size(), how_much, place, under, [&](int fd, std::size_t at) {
        return ::send(fd, bytes + at, data.size() - at, MSG_NOSIGNAL);
      });
  np::report(done.error, error, done.busy ? "weft: two tasks write one connection" : "write");
  return done.bytes;
}

// A call that never waits and disturbs neither reader nor writer. Call is int(int fd), which
// returns 0 or the errno value.
template <class Call>
std::error_code call_on(const net_descriptor& of, Call&& call) {
  operation op(of.get(), side::write, access::brief);
  if (op) {
    if (const int error = call(op.fd())) op.fail(error);
  }
  return op.error();
}

}  // namespace

[[gnu::noinline]]
std::size_t read_some(const net_descriptor& from, mutable_bytes into, std::error_code* error,
                      rt::end_signal* under) {
  return read(from, into, amount::some, error, under, __builtin_return_address(0));
}

[[gnu::noinline]]
std::size_t read_full(const net_descriptor& from, mutable_bytes into, std::error_code* error,
                      rt::end_signal* under) {
  return read(from, into, amount::all, error, under, __builtin_return_address(0));
}

[[gnu::noinline]]
std::size_t write_some(const net_descriptor& to, const_bytes data, std::error_code* error,
                       rt::end_signal* under) {
  return write(to, data, amount::some, error, under, __builtin_return_address(0));
}

[[gnu::noinline]]
std::size_t write_all(const net_descriptor& to, const_bytes data, std::error_code* error,
                      rt::end_signal* under) {
  return write(to, data, amount::all, error, under, __builtin_return_address(0));
}

void close_write(const net_descriptor& of, std::error_code* error) {
  const auto call = [](int fd) { return ::shutdown(fd, SHUT_WR) == 0 ? 0 : errno; };
  np::report(call_on(of, call), error, "close_write");
}

void set_option(const net_descriptor& of, int level, int name, int value, std::error_code* error) {
  const auto call = [=](int fd) { return np::set_int_option(fd, level, name, value); };
  np::report(call_on(of, call), error, "set_option");
}

void set_no_delay(const net_descriptor& of, bool on, std::error_code* error) {
  set_option(of, IPPROTO_TCP, TCP_NODELAY, on ? 1 : 0, error);
}

void set_keep_alive(const net_descriptor& of, bool on, std::error_code* error) {
  set_option(of, SOL_SOCKET, SO_KEEPALIVE, on ? 1 : 0, error);
}

address local_address(const net_descriptor& of, std::error_code* error) {
  address result;
  const auto call = [&result](int fd) {
    result = np::local_address_of(fd);
    return 0;
  };
  np::report(call_on(of, call), error, "local_address");
  return result;
}

}  // namespace weft::net::detail
