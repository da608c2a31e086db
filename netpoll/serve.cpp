#include <weft/net/serve.hpp>

#include <algorithm>

#include "netpoll/socket.hpp"
#include "runtime/base/choose.hpp"
#include "runtime/task/wait.hpp"

namespace weft::net::detail {
namespace {

constexpr std::int64_t shortest_pause_ns = 5'000'000;
constexpr std::int64_t longest_pause_ns = 1'000'000'000;

bool is_closed(const std::error_code& error) noexcept {
  return error == std::errc::operation_canceled || error == std::errc::bad_file_descriptor;
}

bool is_exhaustion(const std::error_code& error) noexcept {
  return error == std::errc::too_many_files_open ||
         error == std::errc::too_many_files_open_in_system ||
         error == std::errc::no_buffer_space || error == std::errc::not_enough_memory;
}

}  // namespace

[[gnu::noinline]] conn serve_next(const net_descriptor& from, serve_state& state) {
  for (;;) {
    std::error_code error;
    conn next = np::accept_at(from, __builtin_return_address(0), error);
    if (!error) {
      state.pause_ns = 0;
      return next;
    }
    if (is_closed(error)) return {};
    if (!is_exhaustion(error)) throw std::system_error(error, "serve");
    serve_pause(state);
  }
}

void serve_pause(serve_state& state) {
  state.pause_ns = std::clamp(2 * state.pause_ns, shortest_pause_ns, longest_pause_ns);
  const rt::wait_place place{rt::wait_reason::sleep, nullptr, __builtin_return_address(0)};
  rt::throw_if_interrupted(rt::wait_until(place, rt::deadline_after(state.pause_ns)));
}

}  // namespace weft::net::detail
