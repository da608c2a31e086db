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
void finish_connect(np::operation& op, const rt::wait_place& place) {
  while (op) {
    op.wait(place);
    if (!op) break;
    const int error = pending_error(op.fd());
    if (error == EISCONN || (error == 0 && is_connected(op.fd()))) break;
    if (error != 0 && error != EINPROGRESS && error != EALREADY && error != EINTR) op.fail(error);
  }
}

// A unix socket whose backlog is full refuses without a way to wait for room.
void connect_unix(np::operation& op, const target& to, rt::wait_limits limits) {
  const rt::wait_place place{rt::wait_reason::sleep, nullptr, nullptr};
  std::int64_t pause_ns = milli_ns;
  while (op && ::connect(op.fd(), to.plain(), to.length) != 0) {
    if (errno == EINTR) continue;
    if (errno != EAGAIN) {
      op.fail(errno);
      break;
    }
    const std::int64_t until_ns = std::min(limits.deadline_ns, rt::deadline_after(pause_ns));
    const rt::wait_result result = rt::wait_until(place, {until_ns, limits.under});
    if (result != rt::wait_result::ended) rt::throw_if_interrupted(result);
    pause_ns = std::min(2 * pause_ns, 32 * milli_ns);
    op.again();
  }
}

void connect_tcp(np::operation& op, const target& to, const rt::wait_place& place) {
  if (!op) return;
  // Interrupted means under way, too.
  if (::connect(op.fd(), to.plain(), to.length) == 0) return;
  if (errno == EINPROGRESS || errno == EINTR)
    finish_connect(op, place);
  else
    op.fail(errno);
}

conn connect_to(const address& where, rt::wait_limits limits, const rt::wait_place& place,
                np::failure& why) {
  const target to(where);
  why = {};
  const int fd = np::sockets_in_use().socket(to.plain()->sa_family, SOCK_STREAM);
  if (fd < 0) {
    why = np::system_error_code(errno);
    return {};
  }
  if (!to.is_unix) np::set_int_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  net_descriptor descriptor = np::adopt(fd, why.code);
  if (why) return {};
  const bool is_timed = limits.deadline_ns != rt::never_ns;
  if (is_timed) descriptor.set_deadline(false, true, limits.deadline_ns);
  {
    np::operation op(descriptor.get(), np::side::write, np::access::one_at_a_time, limits.under);
    if (to.is_unix)
      connect_unix(op, to, limits);
    else
      connect_tcp(op, to, place);
    why = {op.error(), op.ended_by()};
  }
  if (why) return {};
  if (is_timed) descriptor.set_deadline(false, true, rt::never_ns);
  return {std::move(descriptor), where};
}

// Dialling a free port of this machine, the system may choose that very port for our end, and a
// socket that connects to itself succeeds.
bool is_self_connected(const conn& c) {
  std::error_code ignored;
  return c.remote_address().family() != address_family::unix_path &&
         c.local_address(ignored) == c.remote_address();
}

conn connect_once_or_twice(const address& where, rt::wait_limits limits,
                           const rt::wait_place& place, np::failure& why) {
  for (int i = 0; i < 3; ++i) {
    conn made = connect_to(where, limits, place, why);
    if (why || !is_self_connected(made)) return made;
  }
  why = np::system_error_code(ECONNREFUSED);
  return {};
}

conn dial_any(std::string_view network, std::string_view where, rt::wait_limits limits,
              const rt::wait_place& place, np::failure& why) {
  rt::checkpoint();
  if (limits.under != nullptr && limits.under->has_ended()) {
    why = {rt::error_of(*limits.under), limits.under};
    return {};
  }
  const std::vector<address> candidates =
      np::resolve(network, where, np::purpose::dial, why.code);
  for (const address& candidate : candidates) {
    rt::checkpoint();
    conn made = connect_once_or_twice(candidate, limits, place, why);
    if (!why) return made;
    if (why.ended_by != nullptr) break;
    if (why.code == std::errc::timed_out && rt::now_ns() >= limits.deadline_ns) break;
  }
  return {};
}

}  // namespace

[[gnu::noinline]]
conn dial(std::string_view network, std::string_view where, std::int64_t deadline_ns,
          std::error_code* error, rt::end_signal* under) {
  const rt::wait_place place{rt::wait_reason::io_connect, nullptr, __builtin_return_address(0)};
  np::failure failed;
  conn made = dial_any(network, where, {deadline_ns, under}, place, failed);
  if (error != nullptr || failed) np::report(failed, error, ("dial " + std::string(where)).c_str());
  return made;
}

}  // namespace weft::net::detail
