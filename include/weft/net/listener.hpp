// A listening socket. Movable only; several tasks may accept from one, and close() may come from
// any. Errors as in conn.hpp. An idle listener keeps nobody from being found deadlocked; a task in
// accept() does.
#pragma once

#include <string_view>
#include <system_error>
#include <utility>

#include <weft/net/conn.hpp>

namespace weft::net {
namespace detail {
WEFT_API conn accept(const net_descriptor& from, std::error_code* error, rt::end_signal* under);
WEFT_API void close_listener(net_descriptor& listening, const address& local) noexcept;
}  // namespace detail

class listener {
 public:
  listener() noexcept = default;  // not open
  listener(detail::net_descriptor opened, address local) noexcept
      : descriptor_(std::move(opened)), local_(std::move(local)) {}
  listener(listener&&) noexcept = default;
  listener& operator=(listener&& other) noexcept {
    if (this != &other) {
      close();
      descriptor_ = std::move(other.descriptor_);
      local_ = std::move(other.local_);
    }
    return *this;
  }
  ~listener() { close(); }

  // Waits for a connection. Running out of descriptors (std::errc::too_many_files_open ...) is an
  // error of this call only; connections that were gone before they were accepted are passed over.
  [[gnu::always_inline]] conn accept(until_end end = {}) {
    conn next = detail::accept(descriptor_, nullptr, end.signal);
    detail::end_of_shell();
    return next;
  }
  [[gnu::always_inline]] conn accept(std::error_code& error, until_end end = {}) {
    conn next = detail::accept(descriptor_, &error, end.signal);
    detail::end_of_shell();
    return next;
  }

  // Whoever is in accept() gets std::errc::operation_canceled. Removes the file of a unix socket.
  // The second time does nothing.
  void close() noexcept { detail::close_listener(descriptor_, local_); }

  bool is_open() const noexcept { return descriptor_.is_open(); }
  explicit operator bool() const noexcept { return is_open(); }

  // For accept(), as conn's.
  void set_deadline(deadline when) noexcept { descriptor_.set_deadline(true, true, when.ns()); }

  // With the port that the system chose if 0 was asked for; also after close().
  const address& local_address() const noexcept { return local_; }

  // -1 when not open. Non-blocking; it stays ours.
  int native_handle() const noexcept { return descriptor_.number(); }

 private:
  friend struct detail::descriptor_access;

  detail::net_descriptor descriptor_;
  address local_;
};

// Networks and addresses as for dial(). No host: every address of this machine; port 0: a free one.
// Throws std::system_error, or reports in `error`.
WEFT_API listener listen(std::string_view network, std::string_view where);
WEFT_API listener listen(std::string_view network, std::string_view where, std::error_code& error);

}  // namespace weft::net
