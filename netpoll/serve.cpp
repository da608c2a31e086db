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

[[gnu::noinline]] conn serve_next(const net_descriptor& from, serve_state& state,
                                     rt::end_signal* under) {
  for (;;) {
    np::failure why;
    conn next = np::accept_at(from, __builtin_return_address(0), why, under);
    if (!why) {
      state.pause_ns = 0;
      return next;
    }
    if (why.ended_by == nullptr && is_closed(why.code)) return {};
    if (why.ended_by != nullptr || !is_exhaustion(why.code)) np::report(why, nullptr, "serve");
    serve_pause(state, under);
  }
}

void serve_pause(serve_state& state, rt::end_signal* under) {
  state.pause_ns = std::clamp(2 * state.pause_ns, shortest_pause_ns, longest_pause_ns);
  const rt::wait_place place{rt::wait_reason::sleep, nullptr, __builtin_return_address(0)};
  rt::throw_if_interrupted(
      rt::wait_until(place, {rt::deadline_after(state.pause_ns), under}), under);
}

}  // namespace weft::net::detail
