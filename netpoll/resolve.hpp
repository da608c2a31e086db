// From "network" and "host:port" to addresses. By tasks, whose worker is not blocked meanwhile, and
// by foreign threads.
#pragma once

#include <string_view>
#include <system_error>
#include <vector>

#include <weft/net/address.hpp>

namespace weft::np {

enum class purpose : unsigned char { dial, listen };

// In the order in which to try them; empty exactly when `error` is set. Without a host, dial means
// this machine and listen all of its addresses.
std::vector<net::address> resolve(std::string_view network, std::string_view where, purpose why,
                                  std::error_code& error);

// Of failed lookups: the codes and texts of getaddrinfo().
const std::error_category& lookup_category() noexcept;

}  // namespace weft::np
