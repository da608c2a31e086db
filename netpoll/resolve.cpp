#include "netpoll/resolve.hpp"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>

#include "runtime/task/park.hpp"

namespace weft::np {
namespace {

class lookup_errors final : public std::error_category {
 public:
  const char* name() const noexcept override { return "weft.lookup"; }
  std::string message(int code) const override { return ::gai_strerror(code); }
  std::error_condition default_error_condition(int code) const noexcept override {
    switch (code) {
      case EAI_AGAIN: return std::errc::resource_unavailable_try_again;
      case EAI_MEMORY: return std::errc::not_enough_memory;
      case EAI_NONAME: return std::errc::address_not_available;
      default: return {code, *this};
    }
  }
};

struct free_list {
  void operator()(addrinfo* list) const noexcept { ::freeaddrinfo(list); }
};
using address_list = std::unique_ptr<addrinfo, free_list>;

std::error_code invalid() { return std::make_error_code(std::errc::invalid_argument); }

struct host_port {
  std::string host;
  std::string port;
};

// getaddrinfo takes a number that is too large, without its upper bits.
bool is_possible_port(std::string_view port) noexcept {
  int number = 0;
  for (const char digit : port) {
    if (digit < '0' || digit > '9') return true;  // a name
    number = number * 10 + (digit - '0');
    if (number > 65535) return false;
  }
  return true;
}

// "host:port", "[v6]:port", ":port".
std::optional<host_port> split(std::string_view where) {
  const std::size_t colon = where.rfind(':');
  if (colon == std::string_view::npos || colon + 1 == where.size()) return std::nullopt;
  std::string_view host = where.substr(0, colon);
  if (!host.empty() && host.front() == '[') {
    if (host.size() < 2 || host.back() != ']') return std::nullopt;
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return std::nullopt;  // an IPv6 address without brackets: which colon?
  }
  if (host.find_first_of(std::string_view("[]\0", 3)) != std::string_view::npos)
    return std::nullopt;
  const std::string_view port = where.substr(colon + 1);
  if (!is_possible_port(port)) return std::nullopt;
  return host_port{std::string(host), std::string(port)};
}

int ask(const host_port& what, const addrinfo& hints, address_list& out) {
  addrinfo* list = nullptr;
  const int code = ::getaddrinfo(what.host.empty() ? nullptr : what.host.c_str(),
                                 what.port.c_str(), &hints, &list);
  out.reset(list);
  return code;
}

// The system's lookup may take seconds and blocks its thread.
int ask_blocking(const host_port& what, const addrinfo& hints, address_list& out) {
  rt::task* self = rt::current_task();
  if (self == nullptr) return ask(what, hints, out);
  rt::enter_blocking(*self);
  const int code = ask(what, hints, out);
  const int saved_errno = errno;
  rt::leave_blocking(*self);
  errno = saved_errno;
  return code;
}

std::vector<net::address> resolve_ip(int family, const host_port& what, purpose why,
                                     std::error_code& error) {
  addrinfo hints{};
  hints.ai_family = family;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | (why == purpose::listen ? AI_PASSIVE : 0);
  address_list list;
  int code = ask(what, hints, list);
  if (code != 0) {
    hints.ai_flags &= ~(AI_NUMERICHOST | AI_NUMERICSERV);
    code = ask_blocking(what, hints, list);
  }
  if (code != 0) {
    if (code == EAI_SYSTEM)
      error.assign(errno, std::system_category());
    else
      error.assign(code, lookup_category());
    return {};
  }
  std::vector<net::address> result;
  for (const addrinfo* it = list.get(); it != nullptr; it = it->ai_next) {
    net::address found = net::address::from_system(it->ai_addr, it->ai_addrlen);
    if (found.family() != net::address_family::none) result.push_back(std::move(found));
  }
  if (why == purpose::listen) {
    // One listener serves all of "every address": IPv6 takes IPv4 along. For a name, IPv4 first.
    const auto first = what.host.empty() ? net::address_family::ipv6 : net::address_family::ipv4;
    std::stable_partition(result.begin(), result.end(),
                          [first](const net::address& a) { return a.family() == first; });
  }
  if (result.empty()) error.assign(EAI_NONAME, lookup_category());
  return result;
}

std::vector<net::address> resolve_unix(std::string_view path, std::error_code& error) {
  sockaddr_un un{};
  un.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof un.sun_path) {
    error = path.empty() ? invalid() : std::make_error_code(std::errc::filename_too_long);
    return {};
  }
  ::memcpy(un.sun_path, path.data(), path.size());
  std::size_t length = offsetof(sockaddr_un, sun_path) + path.size();
#if defined(__linux__)
  if (path.front() == '@') {
    un.sun_path[0] = '\0';  // an abstract name
    --length;               // no terminating zero; added below
  }
#endif
  return {net::address::from_system(reinterpret_cast<const sockaddr*>(&un),
                                    static_cast<unsigned>(length + 1))};
}

}  // namespace

const std::error_category& lookup_category() noexcept {
  static const lookup_errors& category = *new lookup_errors;  // also for static destructors
  return category;
}

std::vector<net::address> resolve(std::string_view network, std::string_view where, purpose why,
                                  std::error_code& error) {
  error.clear();
  if (network == "unix") return resolve_unix(where, error);
  int family = AF_UNSPEC;
  if (network == "tcp4")
    family = AF_INET;
  else if (network == "tcp6")
    family = AF_INET6;
  else if (network != "tcp") {
    error = std::make_error_code(std::errc::protocol_not_supported);
    return {};
  }
  const std::optional<host_port> what = split(where);
  if (!what) {
    error = invalid();
    return {};
  }
  return resolve_ip(family, *what, why, error);
}

}  // namespace weft::np
