#include <weft/net/listener.hpp>

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "netpoll/operation.hpp"
#include "netpoll/resolve.hpp"
#include "netpoll/socket.hpp"
#include "runtime/task/wait.hpp"

namespace weft::net {
namespace {

// 0 or the errno value.
int bind_and_listen(int fd, const address& where, bool v6_only) noexcept {
  sockaddr_storage storage{};
  auto* plain = reinterpret_cast<sockaddr*>(&storage);
  const unsigned length = where.to_system(plain, sizeof storage);
  if (where.family() != address_family::unix_path) {
    // Accepted connections inherit it (elsewhere than on Linux accept() sets it again).
    np::set_int_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    np::set_int_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  }
  if (where.family() == address_family::ipv6) {
    const int error = np::set_int_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, v6_only ? 1 : 0);
    if (error != 0) return error;
  }
  if (::bind(fd, plain, length) != 0 || ::listen(fd, SOMAXCONN) != 0) return errno;
  return 0;
}

listener listen_on(const address& where, bool v6_only, std::error_code& error) {
  error.clear();
  sockaddr_storage storage{};
  auto* plain = reinterpret_cast<sockaddr*>(&storage);
  where.to_system(plain, sizeof storage);
  const int fd = np::sockets_in_use().socket(plain->sa_family, SOCK_STREAM);
  if (fd < 0) {
    error = np::system_error_code(errno);
    return {};
  }
  if (const int failed = bind_and_listen(fd, where, v6_only)) {
    ::close(fd);
    error = np::system_error_code(failed);
    return {};
  }
  address local = np::local_address_of(fd);
  detail::net_descriptor descriptor = np::adopt(fd, error);
  if (error) return {};
  return {std::move(descriptor), std::move(local)};
}

// This machine has no such addresses (IPv6 switched off): try the next kind.
bool is_other_family_worth_a_try(const std::error_code& error) noexcept {
  return error == std::errc::address_family_not_supported ||
         error == std::errc::address_not_available;
}

}  // namespace

listener listen(std::string_view network, std::string_view where, std::error_code& error) {
  rt::note_caller();
  const std::vector<address> candidates =
      np::resolve(network, where, np::purpose::listen, error);
  for (const address& candidate : candidates) {
    listener result = listen_on(candidate, network == "tcp6", error);
    if (!error) return result;
    if (!is_other_family_worth_a_try(error)) break;
  }
  return {};
}

listener listen(std::string_view network, std::string_view where) {
  std::error_code error;
  listener result = listen(network, where, error);
  if (error) throw std::system_error(error, "listen " + std::string(where));
  return result;
}

}  // namespace weft::net

namespace weft::np {
namespace {

// The connection failed before it was accepted, or the call was interrupted: take the next one.
bool is_passing(int error) noexcept {
  switch (error) {
    case EINTR:
    case ECONNABORTED:
    case EPROTO:
    case ENOPROTOOPT:
    case ENETDOWN:
    case EHOSTDOWN:
    case ENETUNREACH:
    case EHOSTUNREACH:
#if defined(ENONET)
    case ENONET:
#endif
      return true;
    default: return false;
  }
}

}  // namespace

net::conn accept_at(const net::detail::net_descriptor& from, const void* pc, failure& why,
                    rt::end_signal* under) {
  const rt::wait_place place{rt::wait_reason::io_accept, from.get(), pc};
  rt::checkpoint();
  int fd = -1;
  sockaddr_storage peer{};
  socklen_t length = 0;
  {
    operation op(from.get(), side::read, access::shared, under);
    while (op) {
      length = sizeof peer;
      fd = sockets_in_use().accept(op.fd(), reinterpret_cast<sockaddr*>(&peer), &length);
      if (fd >= 0) break;
      if (errno == EAGAIN)
        op.wait(place);
      else if (!is_passing(errno))
        op.fail(errno);
    }
    why = {op.error(), op.ended_by()};
  }
  if (why) return {};
#if !defined(__linux__)
  set_int_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
#endif
  net::detail::net_descriptor descriptor = adopt(fd, why.code);
  if (why) return {};
  return {std::move(descriptor),
          net::address::from_system(reinterpret_cast<sockaddr*>(&peer), length)};
}

}  // namespace weft::np

namespace weft::net::detail {

[[gnu::noinline]] conn accept(const net_descriptor& from, std::error_code* error,
                                 rt::end_signal* under) {
  np::failure failed;
  conn next = np::accept_at(from, __builtin_return_address(0), failed, under);
  np::report(failed, error, "accept");
  return next;
}

void close_listener(net_descriptor& listening, const address& local) noexcept {
  if (local.family() == address_family::unix_path && listening.is_open()) {
    // While it still listens, so that nobody else's socket can be in its place.
    sockaddr_storage storage{};
    auto* plain = reinterpret_cast<sockaddr*>(&storage);
    if (local.to_system(plain, sizeof storage) != 0) np::remove_socket_file(storage);
  }
  listening.close();
}

}  // namespace weft::net::detail
