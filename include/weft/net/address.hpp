// The address of one end of a connection: IPv4 or IPv6 with a port, or the path of a unix socket.
#pragma once

#include <cstdint>
#include <string>

#include <weft/detail/export.hpp>

struct sockaddr;

namespace weft::net {

enum class address_family : std::uint8_t { none, ipv4, ipv6, unix_path };

class WEFT_API address {
 public:
  address() noexcept = default;

  // From and to the system's form; a family we do not know becomes `none`.
  static address from_system(const ::sockaddr* from, unsigned length);
  // Writes at most `room` bytes and returns the length, 0 if it does not fit or is `none`.
  unsigned to_system(::sockaddr* into, unsigned room) const noexcept;

  address_family family() const noexcept { return family_; }

  // 0 for unix sockets.
  std::uint16_t port() const noexcept { return port_; }

  // "127.0.0.1", "fe80::1%eth0", or the path ("@name" for Linux's abstract ones).
  std::string host() const;

  // "127.0.0.1:80", "[::1]:80", or the path.
  std::string to_string() const;

  friend WEFT_API bool operator==(const address& a, const address& b) noexcept;

 private:
  address_family family_ = address_family::none;
  std::uint16_t port_ = 0;
  std::uint32_t scope_ = 0;
  unsigned char ip_[16] = {};
  std::string path_;  // as the system has it: an abstract one begins with a zero byte
};

}  // namespace weft::net
