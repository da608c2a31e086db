#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

#include <weft/net/conn.hpp>
#include "netpoll/operation.hpp"
#include "netpoll/resolve.hpp"
#include "netpoll/socket.hpp"
#include "runtime/base/choose.hpp"
#include "runtime/task/wait.hpp"

namespace weft::net::detail {
namespace {

constexpr std::int64_t milli_ns = 1'000'000;

struct target {
  sockaddr_storage storage{};
  socklen_t length = 0;
  bool is_unix = false;

  explicit target(const address& where) noexcept
      : length(where.to_system(reinterpret_cast<sockaddr*>(&storage), sizeof storage)),
        is_unix(where.family() == address_family::unix_path) {}
  const sockaddr* plain() const noexcept { return reinterpret_cast<const sockaddr*>(&storage); }
};

bool is_connected(int fd) noexcept {
  sockaddr_storage peer;
  socklen_t length = sizeof peer;
  return ::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &length) == 0;
}

// 0 while it has not failed.
int pending_error(int fd) noexcept {
  int error = 0;
  socklen_t length = sizeof error;
  if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0) return errno;
  return error;
}

// Until the connection stands or has failed.
std::error_code finish_connect(np::operation& op, const rt::wait_place& place) {
  while (op) {
    op.wait(place);
    if (!op) break;
    const int error = pending_error(op.fd());
    if (error == EISCONN || (error == 0 && is_connected(op.fd()))) break;
    if (error != 0 && error != EINPROGRESS && error != EALREADY && error != EINTR) op.fail(error);
  }
  return op.error();
}

// A unix socket whose backlog is full refuses without a way to wait for room.
std::error_code connect_unix(np::operation& op, const target& to, std::int64_t deadline_ns) {
  const rt::wait_place place{rt::wait_reason::sleep, nullptr, nullptr};
  std::int64_t pause_ns = milli_ns;
  while (op && ::connect(op.fd(), to.plain(), to.length) != 0) {
    if (errno == EINTR) continue;
    if (errno != EAGAIN) {
      op.fail(errno);
      break;
    }
    rt::throw_if_interrupted(
        rt::wait_until(place, std::min(deadline_ns, rt::deadline_after(pause_ns))));
    pause_ns = std::min(2 * pause_ns, 32 * milli_ns);
    op.again();
  }
  return op.error();
}

std::error_code connect_tcp(np::operation& op, const target& to, const rt::wait_place& place) {
  if (!op) return op.error();
  // Interrupted means under way, too.
  if (::connect(op.fd(), to.plain(), to.length) == 0) return {};
  if (errno == EINPROGRESS || errno == EINTR) return finish_connect(op, place);
  op.fail(errno);
  return op.error();
}

conn connect_to(const address& where, std::int64_t deadline_ns, const rt::wait_place& place,
                std::error_code& error) {
  const target to(where);
  error.clear();
  const int fd = np::sockets_in_use().socket(to.plain()->sa_family, SOCK_STREAM);
  if (fd < 0) {
    error = np::system_error_code(errno);
    return {};
  }
  if (!to.is_unix) np::set_int_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  net_descriptor descriptor = np::adopt(fd, error);
  if (error) return {};
  if (deadline_ns != rt::never_ns) descriptor.set_deadline(false, true, deadline_ns);
  {
    np::operation op(descriptor.get(), np::side::write, np::access::one_at_a_time);
    error = to.is_unix ? connect_unix(op, to, deadline_ns) : connect_tcp(op, to, place);
  }
  if (error) return {};
  if (deadline_ns != rt::never_ns) descriptor.set_deadline(false, true, rt::never_ns);
  return {std::move(descriptor), where};
}

// Dialling a free port of this machine, the system may choose that very port for our end, and a
// socket that connects to itself succeeds.
bool is_self_connected(const conn& c) {
  std::error_code ignored;
  return c.remote_address().family() != address_family::unix_path &&
         c.local_address(ignored) == c.remote_address();
}

conn connect_once_or_twice(const address& where, std::int64_t deadline_ns,
                           const rt::wait_place& place, std::error_code& error) {
  for (int i = 0; i < 3; ++i) {
    conn made = connect_to(where, deadline_ns, place, error);
    if (error || !is_self_connected(made)) return made;
  }
  error = np::system_error_code(ECONNREFUSED);
  return {};
}

conn dial_any(std::string_view network, std::string_view where, std::int64_t deadline_ns,
              const rt::wait_place& place, std::error_code& error) {
  rt::checkpoint();
  const std::vector<address> candidates = np::resolve(network, where, np::purpose::dial, error);
  for (const address& candidate : candidates) {
    rt::checkpoint();
    conn made = connect_once_or_twice(candidate, deadline_ns, place, error);
    if (!error) return made;
    if (error == std::errc::timed_out && rt::now_ns() >= deadline_ns) break;
  }
  return {};
}

}  // namespace

[[gnu::noinline]]
conn dial(std::string_view network, std::string_view where, std::int64_t deadline_ns,
          std::error_code* error) {
  const rt::wait_place place{rt::wait_reason::io_connect, nullptr, __builtin_return_address(0)};
  std::error_code failed;
  conn made = dial_any(network, where, deadline_ns, place, failed);
  if (error != nullptr)
    *error = failed;
  else if (failed)
    throw std::system_error(failed, "dial " + std::string(where));
  return made;
}

}  // namespace weft::net::detail
