// weft::net::address, and from "network" and "host:port" to addresses, as far as that needs no
// lookup.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <string>

#include <weft/net/address.hpp>
#include "netpoll/resolve.hpp"

namespace {

using namespace weft;
using net::address_family;
using np::purpose;

net::address one(std::string_view network, std::string_view where, purpose why = purpose::dial) {
  std::error_code error;
  const auto all = np::resolve(network, where, why, error);
  EXPECT_FALSE(error) << where << ": " << error.message();
  return all.empty() ? net::address() : all.front();
}

std::error_code error_of(std::string_view network, std::string_view where) {
  std::error_code error;
  EXPECT_TRUE(np::resolve(network, where, purpose::dial, error).empty()) << where;
  return error;
}

TEST(address, nothing_by_default) {
  const net::address none;
  EXPECT_EQ(none.family(), address_family::none);
  EXPECT_EQ(none.to_string(), "");
  EXPECT_EQ(none.port(), 0);
  sockaddr_storage storage;
  EXPECT_EQ(none.to_system(reinterpret_cast<sockaddr*>(&storage), sizeof storage), 0u);
}

TEST(address, ipv4) {
  const net::address a = one("tcp", "127.0.0.1:8080");
  EXPECT_EQ(a.family(), address_family::ipv4);
  EXPECT_EQ(a.host(), "127.0.0.1");
  EXPECT_EQ(a.port(), 8080);
  EXPECT_EQ(a.to_string(), "127.0.0.1:8080");
}

TEST(address, ipv6) {
  const net::address a = one("tcp", "[::1]:80");
  EXPECT_EQ(a.family(), address_family::ipv6);
  EXPECT_EQ(a.host(), "::1");
  EXPECT_EQ(a.to_string(), "[::1]:80");
  EXPECT_EQ(one("tcp6", "[2001:db8::5]:1").to_string(), "[2001:db8::5]:1");
}

TEST(address, no_host_means_this_machine_or_all_of_it) {
  EXPECT_EQ(one("tcp4", ":80", purpose::dial).to_string(), "127.0.0.1:80");
  EXPECT_EQ(one("tcp4", ":80", purpose::listen).to_string(), "0.0.0.0:80");
  EXPECT_EQ(one("tcp", ":80", purpose::listen).to_string(), "[::]:80");
}

TEST(address, unix_paths) {
  const net::address a = one("unix", "/tmp/some.socket");
  EXPECT_EQ(a.family(), address_family::unix_path);
  EXPECT_EQ(a.to_string(), "/tmp/some.socket");
  EXPECT_EQ(a.port(), 0);
#if defined(__linux__)
  EXPECT_EQ(one("unix", "@abstract").to_string(), "@abstract");
#endif
}

TEST(address, survives_the_systems_form) {
  for (const net::address& a :
       {one("tcp", "10.1.2.3:65535"), one("tcp", "[fe80::1]:1"), one("unix", "/a"),
#if defined(__linux__)
        one("unix", "@name"),
#endif
        one("unix", std::string(sizeof(sockaddr_un::sun_path) - 1, 'x'))}) {
    sockaddr_storage storage{};
    auto* plain = reinterpret_cast<sockaddr*>(&storage);
    const unsigned length = a.to_system(plain, sizeof storage);
    ASSERT_GT(length, 0u);
    EXPECT_TRUE(net::address::from_system(plain, length) == a) << a.to_string();
    EXPECT_EQ(a.to_system(plain, length - 1), 0u) << "does not fit";
  }
}

TEST(address, an_unknown_or_short_one_is_none) {
  sockaddr_storage storage{};
  storage.ss_family = AF_INET;
  auto* plain = reinterpret_cast<sockaddr*>(&storage);
  EXPECT_EQ(net::address::from_system(plain, 4).family(), address_family::none);
  EXPECT_EQ(net::address::from_system(nullptr, 0).family(), address_family::none);
  storage.ss_family = 250;
  EXPECT_EQ(net::address::from_system(plain, sizeof storage).family(), address_family::none);
}

TEST(address, equality) {
  EXPECT_TRUE(one("tcp", "127.0.0.1:1") == one("tcp", "127.0.0.1:1"));
  EXPECT_FALSE(one("tcp", "127.0.0.1:1") == one("tcp", "127.0.0.1:2"));
  EXPECT_FALSE(one("tcp", "127.0.0.1:1") == one("tcp", "127.0.0.2:1"));
  EXPECT_FALSE(one("tcp", "127.0.0.1:1") == one("tcp", "[::1]:1"));
}

TEST(resolve, what_is_no_address_is_an_error) {
  for (const char* bad : {"", "127.0.0.1", "127.0.0.1:", "::1:80", "[::1]", "[::1:80", "]:80",
                          "127.0.0.1:65536", "127.0.0.1:99999", "127.0.0.1:4294967376"})
    EXPECT_EQ(error_of("tcp", bad), std::errc::invalid_argument) << bad;
  EXPECT_EQ(error_of("tcp", std::string_view("a\0b:80", 6)), std::errc::invalid_argument);
  EXPECT_EQ(error_of("smoke", "127.0.0.1:80"), std::errc::protocol_not_supported);
  EXPECT_EQ(error_of("unix", ""), std::errc::invalid_argument);
  EXPECT_EQ(error_of("unix", std::string(200, 'x')), std::errc::filename_too_long);
}

TEST(resolve, a_family_that_the_network_excludes_is_an_error) {
  EXPECT_TRUE(error_of("tcp4", "[::1]:80"));
  EXPECT_TRUE(error_of("tcp6", "127.0.0.1:80"));
}

TEST(resolve, lookup_errors_have_a_text) {
  const std::error_code error = error_of("tcp", "127.0.0.1:no-such-service");
  EXPECT_EQ(&error.category(), &np::lookup_category());
  EXPECT_FALSE(error.message().empty());
}

}  // namespace
