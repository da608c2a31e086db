#include <weft/net/address.hpp>

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>

namespace weft::net {
namespace {

constexpr unsigned path_offset = offsetof(sockaddr_un, sun_path);

}  // namespace

address address::from_system(const ::sockaddr* from, unsigned length) {
  address result;
  if (from == nullptr || length < sizeof(sa_family_t)) return result;
  if (from->sa_family == AF_INET && length >= sizeof(sockaddr_in)) {
    sockaddr_in in;
    ::memcpy(&in, from, sizeof in);
    result.family_ = address_family::ipv4;
    result.port_ = ntohs(in.sin_port);
    ::memcpy(result.ip_, &in.sin_addr, sizeof in.sin_addr);
  } else if (from->sa_family == AF_INET6 && length >= sizeof(sockaddr_in6)) {
    sockaddr_in6 in;
    ::memcpy(&in, from, sizeof in);
    result.family_ = address_family::ipv6;
    result.port_ = ntohs(in.sin6_port);
    result.scope_ = in.sin6_scope_id;
    ::memcpy(result.ip_, &in.sin6_addr, sizeof in.sin6_addr);
  } else if (from->sa_family == AF_UNIX) {
    result.family_ = address_family::unix_path;
    if (length > path_offset) {
      const char* path = reinterpret_cast<const char*>(from) + path_offset;
      const std::size_t room = length - path_offset;
      // An abstract name is all of it, zero bytes too; a path ends with its first zero.
      result.path_.assign(path, path[0] == '\0' ? room : ::strnlen(path, room));
    }
  }
  return result;
}

unsigned address::to_system(::sockaddr* into, unsigned room) const noexcept {
  switch (family_) {
    case address_family::ipv4: {
      sockaddr_in in{};
      if (room < sizeof in) return 0;
      in.sin_family = AF_INET;
      in.sin_port = htons(port_);
      ::memcpy(&in.sin_addr, ip_, sizeof in.sin_addr);
      ::memcpy(into, &in, sizeof in);
      return sizeof in;
    }
    case address_family::ipv6: {
      sockaddr_in6 in{};
      if (room < sizeof in) return 0;
      in.sin6_family = AF_INET6;
      in.sin6_port = htons(port_);
      in.sin6_scope_id = scope_;
      ::memcpy(&in.sin6_addr, ip_, sizeof in.sin6_addr);
      ::memcpy(into, &in, sizeof in);
      return sizeof in;
    }
    case address_family::unix_path: {
      sockaddr_un un{};
      // A path keeps its terminating zero, an abstract name has none.
      const bool abstract = !path_.empty() && path_[0] == '\0';
      const std::size_t needed = path_.size() + (abstract ? 0 : 1);
      if (needed > sizeof un.sun_path || room < path_offset + needed) return 0;
      un.sun_family = AF_UNIX;
      ::memcpy(un.sun_path, path_.data(), path_.size());
      const unsigned length = path_offset + static_cast<unsigned>(needed);
      ::memcpy(into, &un, length);
      return length;
    }
    case address_family::none: break;
  }
  return 0;
}

std::string address::host() const {
  switch (family_) {
    case address_family::ipv4:
    case address_family::ipv6: {
      char text[INET6_ADDRSTRLEN] = {};
      ::inet_ntop(family_ == address_family::ipv4 ? AF_INET : AF_INET6, ip_, text, sizeof text);
      std::string result = text;
      if (scope_ != 0) {
        char name[IF_NAMESIZE] = {};
        result += '%';
        result += ::if_indextoname(scope_, name) != nullptr ? name : std::to_string(scope_);
      }
      return result;
    }
    case address_family::unix_path: {
      std::string result = path_;
      if (!result.empty() && result[0] == '\0') result[0] = '@';
      return result;
    }
    case address_family::none: break;
  }
  return {};
}

std::string address::to_string() const {
  switch (family_) {
    case address_family::ipv4: return host() + ":" + std::to_string(port_);
    case address_family::ipv6: return "[" + host() + "]:" + std::to_string(port_);
    default: return host();
  }
}

bool operator==(const address& a, const address& b) noexcept {
  return a.family_ == b.family_ && a.port_ == b.port_ && a.scope_ == b.scope_ &&
         std::equal(std::begin(a.ip_), std::end(a.ip_), std::begin(b.ip_)) && a.path_ == b.path_;
}

}  // namespace weft::net
