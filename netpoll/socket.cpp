#include "netpoll/socket.hpp"

#include <errno.h>
#include <fcntl.h>
#include <sys/un.h>
#include <unistd.h>

#include "netpoll/operation.hpp"

namespace weft::np {
namespace {

#if defined(__linux__)

int make_socket(int family, int type) noexcept {
  return ::socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

int accept_socket(int listening, sockaddr* peer, socklen_t* length) noexcept {
  return ::accept4(listening, peer, length, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

#else

int prepared(int fd) noexcept {
  if (fd < 0) return fd;
#if defined(SO_NOSIGPIPE)
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
#endif
  if (::fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 && ::fcntl(fd, F_SETFL, O_NONBLOCK) == 0) return fd;
  const int error = errno;
  ::close(fd);
  errno = error;
  return -1;
}

int make_socket(int family, int type) noexcept { return prepared(::socket(family, type, 0)); }

int accept_socket(int listening, sockaddr* peer, socklen_t* length) noexcept {
  return prepared(::accept(listening, peer, length));
}

#endif

const socket_calls real_calls = {make_socket, accept_socket};
socket_calls calls_in_use = real_calls;

using name_call = int (*)(int, sockaddr*, socklen_t*);

net::address ask(int fd, name_call call) {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  auto* plain = reinterpret_cast<sockaddr*>(&storage);
  if (call(fd, plain, &length) != 0) return {};
  return net::address::from_system(plain, length);
}

}  // namespace

socket_calls& sockets_in_use() noexcept { return calls_in_use; }
const socket_calls& sockets_real() noexcept { return real_calls; }

int set_int_option(int fd, int level, int name, int value) noexcept {
  return ::setsockopt(fd, level, name, &value, sizeof value) == 0 ? 0 : errno;
}

net::address local_address_of(int fd) {
  return ask(fd, [](int f, sockaddr* a, socklen_t* l) { return ::getsockname(f, a, l); });
}

net::address remote_address_of(int fd) {
  return ask(fd, [](int f, sockaddr* a, socklen_t* l) { return ::getpeername(f, a, l); });
}

void remove_socket_file(const sockaddr_storage& bound) noexcept {
  const auto& un = reinterpret_cast<const sockaddr_un&>(bound);
  if (un.sun_family == AF_UNIX && un.sun_path[0] != '\0') ::unlink(un.sun_path);
}

net::detail::net_descriptor adopt(int fd, std::error_code& error) noexcept {
  poll_desc* desc = open_desc(fd);
  if (desc != nullptr) return net::detail::net_descriptor(desc);
  ::close(fd);
  error = system_error_code(ENOMEM);
  return {};
}

void report(const failure& why, std::error_code* error, const char* what) {
  if (error != nullptr)
    *error = why.code;
  else if (why.ended_by != nullptr)
    rt::throw_ended(*why.ended_by);
  else if (why)
    throw std::system_error(why.code, what);
}

}  // namespace weft::np

namespace weft::detail {

bool net_descriptor::close() noexcept { return desc_ != nullptr && np::close_desc(*desc_); }

int net_descriptor::number() const noexcept { return desc_ == nullptr ? -1 : desc_->fd(); }

void net_descriptor::set_deadline(bool of_read, bool of_write, std::int64_t deadline_ns) noexcept {
  if (desc_ != nullptr) np::set_desc_deadline(*desc_, of_read, of_write, deadline_ns);
}

void net_descriptor::forget() noexcept {
  if (desc_ == nullptr) return;
  np::close_desc(*desc_);
  np::release_desc(*desc_);
}

}  // namespace weft::detail
