// Channels: weft::chan<T> and its two directions, send_chan<T> and recv_chan<T>.
//
//   auto ch = weft::make_chan<int>(5);            // buffers 5; make_chan<int>() is unbuffered
//   weft::go([ch] { ch.send(1); ch.close(); });
//   for (auto&& v : ch) use(v);
//
// A channel is a counted reference, cheap to copy; all operations are const and may be called by any
// task and any plain thread at the same time, also when no runtime runs. A default-constructed one is
// nil: sending and receiving wait for ever, try_ forms find it not ready, close throws. Who waits for
// a channel keeps it alive. Values left in one that nobody refers to are destroyed with it. The
// operations are in detail/chan_send.hpp and detail/chan_recv.hpp.
//
// T needs a move constructor only; recv_ok also a default one. No user code runs under a lock.
#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>

#include <weft/detail/chan_recv.hpp>
#include <weft/detail/chan_send.hpp>
#include <weft/error.hpp>

namespace weft {

template <class T>
class send_chan;
template <class T>
class recv_chan;

template <class T>
class chan : public detail::any_side<chan<T>>,
             public detail::send_side<chan<T>, T>,
             public detail::recv_side<chan<T>, T> {
  static_assert(std::is_object_v<T> || std::is_void_v<T>, "a channel carries objects");
  static_assert(std::is_same_v<T, std::remove_cv_t<T>> && !std::is_array_v<T>);

 public:
  using value_type = T;

  chan() noexcept = default;

 private:
  friend detail::chan_access;
  explicit chan(detail::chan_handle handle) noexcept : handle_(std::move(handle)) {}
  detail::chan_handle handle_;
};

// The end that sends and closes.
template <class T>
class send_chan : public detail::any_side<send_chan<T>>,
                  public detail::send_side<send_chan<T>, T> {
 public:
  using value_type = T;

  send_chan() noexcept = default;
  send_chan(const chan<T>& both) noexcept : handle_(detail::chan_access::handle(both)) {}

 private:
  friend detail::chan_access;
  explicit send_chan(detail::chan_handle handle) noexcept : handle_(std::move(handle)) {}
  detail::chan_handle handle_;
};

// The end that receives.
template <class T>
class recv_chan : public detail::any_side<recv_chan<T>>,
                  public detail::recv_side<recv_chan<T>, T> {
 public:
  using value_type = T;

  recv_chan() noexcept = default;
  recv_chan(const chan<T>& both) noexcept : handle_(detail::chan_access::handle(both)) {}

 private:
  friend detail::chan_access;
  explicit recv_chan(detail::chan_handle handle) noexcept : handle_(std::move(handle)) {}
  detail::chan_handle handle_;
};

namespace detail {

// Which ends a channel has.
template <class Chan>
struct chan_ends {
  static constexpr bool receives = false, sends = false;
};
template <class T>
struct chan_ends<chan<T>> {
  using type = T;
  static constexpr bool receives = true, sends = true;
};
template <class T>
struct chan_ends<send_chan<T>> {
  using type = T;
  static constexpr bool receives = false, sends = true;
};
template <class T>
struct chan_ends<recv_chan<T>> {
  using type = T;
  static constexpr bool receives = true, sends = false;
};

template <class Chan>
concept receives = chan_ends<Chan>::receives;
template <class Chan>
concept sends = chan_ends<Chan>::sends;

}  // namespace detail

// A new channel that buffers `capacity` values. Throws std::bad_alloc, and error for a capacity that
// no memory can hold.
template <class T>
[[nodiscard]] chan<T> make_chan(std::size_t capacity = 0) {
  return detail::chan_access::make<chan<T>>(
      detail::chan_handle(detail::chan_make(detail::chan_type_of<T>, capacity)));
}

}  // namespace weft

template <class C>
  requires(weft::detail::receives<C> || weft::detail::sends<C>)
struct std::hash<C> {
  std::size_t operator()(const C& ch) const noexcept {
    return std::hash<const void*>()(weft::detail::chan_access::head(ch));
  }
};
