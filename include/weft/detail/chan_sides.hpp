// The two ends of a channel as mixins: send_side and recv_side hold the operations, chan, send_chan
// and recv_chan are made of them.
//
// The members are shells (shell.hpp). A look that finds nothing to do is inlined too: a try_recv on
// an empty channel is one load.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <utility>

#include <weft/detail/chan_core.hpp>
#include <weft/detail/chan_value.hpp>
#include <weft/detail/deadline.hpp>
#include <weft/detail/shell.hpp>

namespace weft {

// How a receive ended that may come back without a value.
enum class chan_status : std::uint8_t { value, empty, closed, timeout };

// What recv_ok gives: auto [v, ok] = ch.recv_ok();
template <class T>
struct recv_result {
  T value;
  bool ok;
};

namespace detail {

// Lets the mixins, select and the library see the core of a channel.
struct chan_access {
  template <class Chan>
  static chan_head* head(const Chan& ch) noexcept {
    return ch.handle_.get();
  }
  template <class Chan>
  static const chan_handle& handle(const Chan& ch) noexcept {
    return ch.handle_;
  }
  template <class Chan>
  static Chan make(chan_handle handle) noexcept {
    return Chan(std::move(handle));
  }
};

template <class T>
struct is_duration : std::false_type {};
template <class Rep, class Period>
struct is_duration<std::chrono::duration<Rep, Period>> : std::true_type {};
template <class T>
struct is_time_point : std::false_type {};
template <class Clock, class Duration>
struct is_time_point<std::chrono::time_point<Clock, Duration>> : std::true_type {};

// Sends a value that may have to be given back. V is const T& or T. False: not in time.
template <class T, class V>
[[gnu::noinline]] bool send_owned(chan_head* c, V&& value, std::int64_t deadline_ns) {
  const void* pc = __builtin_return_address(0);
  if (deadline_ns != no_wait) chan_checkpoint();
  // A closed channel stays so: no need to touch the value.
  if (c != nullptr && (c->look() & chan_head::closed) != 0) chan_raise(chan_result::closed);
  outgoing<T> out;
  out.fill(std::forward<V>(value));
  const chan_result result = chan_send_until(c, out.address(), deadline_ns, pc);
  if (result == chan_result::done) {
    out.sent();
    return true;
  }
  out.give_back(std::forward<V>(value));
  if (result == chan_result::not_ready) return false;
  chan_raise(result);
}

template <class T, class V>
[[gnu::always_inline]] inline bool try_send_value(chan_head* c, V&& value) {
  if (c == nullptr || !c->send_looks_ready(c->look())) return false;
  if constexpr (travels_as_bytes<T>) {
    const chan_result result = chan_send_until(c, std::addressof(value), no_wait, nullptr);
    if (result == chan_result::closed) chan_raise(result);
    return result == chan_result::done;
  } else {
    return send_owned<T, V>(c, std::forward<V>(value), no_wait);
  }
}

template <class Self>
class any_side {
 public:
  // How many values are buffered, and how many can be; 0 for unbuffered and nil channels.
  std::size_t len() const noexcept {
    const chan_head* c = chan_access::head(self());
    return c != nullptr ? static_cast<std::size_t>(c->look() / chan_head::one) : 0;
  }
  std::size_t cap() const noexcept {
    const chan_head* c = chan_access::head(self());
    return c != nullptr ? c->cap : 0;
  }
  // Not nil.
  explicit operator bool() const noexcept { return chan_access::head(self()) != nullptr; }

 protected:
  const Self& self() const noexcept { return static_cast<const Self&>(*this); }
};

template <class Self, class T>
class send_side {
 public:
  // Waits until the value is in the buffer or with a receiver. Throws closed_channel,
  // task_cancelled: then it was not sent, and an rvalue is still the caller's.
  [[gnu::always_inline]] void send(const T& value) const
    requires std::is_copy_constructible_v<T>
  {
    if constexpr (travels_as_bytes<T>)
      chan_send(head(), std::addressof(value));
    else
      send_owned<T, const T&>(head(), value, no_deadline);
    end_of_shell();
  }
  [[gnu::always_inline]] void send(T&& value) const {
    if constexpr (travels_as_bytes<T>)
      chan_send(head(), std::addressof(value));
    else
      send_owned<T, T>(head(), std::move(value), no_deadline);
    end_of_shell();
  }

  // Sends if that needs no wait. Throws closed_channel.
  [[gnu::always_inline]] bool try_send(const T& value) const
    requires std::is_copy_constructible_v<T>
  {
    return try_send_value<T, const T&>(head(), value);
  }
  [[gnu::always_inline]] bool try_send(T&& value) const {
    return try_send_value<T, T>(head(), std::move(value));
  }

  // As send(), but false when it was not possible in time. A time that has passed does not wait.
  template <class Rep, class Period>
  [[gnu::always_inline]] bool send_for(const T& value,
                                       const std::chrono::duration<Rep, Period>& d) const
    requires std::is_copy_constructible_v<T>
  {
    const bool sent = send_owned<T, const T&>(head(), value, deadline_in(d));
    end_of_shell();
    return sent;
  }
  template <class Rep, class Period>
  [[gnu::always_inline]] bool send_for(T&& value,
                                       const std::chrono::duration<Rep, Period>& d) const {
    const bool sent = send_owned<T, T>(head(), std::move(value), deadline_in(d));
    end_of_shell();
    return sent;
  }
  template <class Clock, class Duration>
  [[gnu::always_inline]] bool send_until(
      const T& value, const std::chrono::time_point<Clock, Duration>& when) const
    requires std::is_copy_constructible_v<T>
  {
    const bool sent = send_owned<T, const T&>(head(), value, deadline_at(when));
    end_of_shell();
    return sent;
  }
  template <class Clock, class Duration>
  [[gnu::always_inline]] bool send_until(
      T&& value, const std::chrono::time_point<Clock, Duration>& when) const {
    const bool sent = send_owned<T, T>(head(), std::move(value), deadline_at(when));
    end_of_shell();
    return sent;
  }

  // Nobody will send any more. Senders that wait throw; receivers get what is left, then nothing.
  // Throws closed_channel if it is closed already, or nil.
  void close() const { chan_close(head()); }

 private:
  chan_head* head() const noexcept {
    return chan_access::head(static_cast<const Self&>(*this));
  }
};

template <class Self>
class send_side<Self, void> {
 public:
  [[gnu::always_inline]] void send() const {
    chan_send(head(), nullptr);
    end_of_shell();
  }
  [[gnu::always_inline]] bool try_send() const {
    chan_head* c = head();
    if (c == nullptr || !c->send_looks_ready(c->look())) return false;
    return is_sent(chan_send_until(c, nullptr, no_wait, nullptr));
  }
  template <class Rep, class Period>
  [[gnu::always_inline]] bool send_for(const std::chrono::duration<Rep, Period>& d) const {
    chan_checkpoint();
    return is_sent(chan_send_until(head(), nullptr, deadline_in(d), nullptr));
  }
  template <class Clock, class Duration>
  [[gnu::always_inline]] bool send_until(
      const std::chrono::time_point<Clock, Duration>& when) const {
    chan_checkpoint();
    return is_sent(chan_send_until(head(), nullptr, deadline_at(when), nullptr));
  }
  void close() const { chan_close(head()); }

 private:
  static bool is_sent(chan_result result) {
    if (result == chan_result::done) return true;
    if (result == chan_result::not_ready) return false;
    chan_raise(result);
  }
  chan_head* head() const noexcept {
    return chan_access::head(static_cast<const Self&>(*this));
  }
};

struct recv_sentinel {};

// for (auto&& v : ch): receives until the channel is closed and drained.
template <class T>
class recv_iterator {
 public:
  using value_type = T;
  using difference_type = std::ptrdiff_t;

  [[gnu::always_inline]] explicit recv_iterator(chan_handle from) : from_(std::move(from)) {
    next();
  }

  // The value is the loop's: it may be moved from.
  T&& operator*() const noexcept { return std::move(*value_); }
  [[gnu::always_inline]] recv_iterator& operator++() {
    value_.reset();
    next();
    return *this;
  }
  [[gnu::always_inline]] void operator++(int) { ++*this; }
  friend bool operator==(const recv_iterator& it, recv_sentinel) noexcept { return !it.value_; }

 private:
  [[gnu::always_inline]] void next() {
    incoming<T> in;
    if (chan_recv(from_.get(), in.address()))
      in.consume([&](T&& v) { value_.emplace(std::move(v)); });
    end_of_shell();
  }

  chan_handle from_;
  mutable std::optional<T> value_;
};

template <class Self, class T>
class recv_side {
 public:
  // Waits for a value. Empty: the channel is closed and drained. Throws task_cancelled.
  [[gnu::always_inline]] std::optional<T> recv() const {
    incoming<T> in;
    const bool got = chan_recv(head(), in.address());
    end_of_shell();
    if (!got) return std::nullopt;
    return in.take();
  }

  // auto [value, ok]: T{} and false when closed and drained.
  [[gnu::always_inline]] recv_result<T> recv_ok() const {
    incoming<T> in;
    const bool got = chan_recv(head(), in.address());
    end_of_shell();
    if (!got) return recv_result<T>{T{}, false};
    return in.consume([](T&& v) { return recv_result<T>{T(std::move(v)), true}; });
  }

  // Receives if that needs no wait.
  [[gnu::always_inline]] std::optional<T> try_recv() const {
    chan_head* c = head();
    if (c == nullptr || !chan_head::recv_looks_ready(c->look())) return std::nullopt;
    return recv_by(c, no_wait);
  }
  // The same; tells empty from closed. `to` is written only with a value.
  [[gnu::always_inline]] chan_status try_recv(T& to) const {
    chan_head* c = head();
    if (c == nullptr || !chan_head::recv_looks_ready(c->look())) return chan_status::empty;
    const chan_status status = recv_into(c, to, no_wait);
    return status == chan_status::timeout ? chan_status::empty : status;
  }

  // As recv(), but empty also when no value came in time. A time that has passed does not wait.
  template <class Rep, class Period>
  [[gnu::always_inline]] std::optional<T> recv_for(
      const std::chrono::duration<Rep, Period>& d) const {
    return recv_by(head(), deadline_in(d));
  }
  template <class Clock, class Duration>
  [[gnu::always_inline]] std::optional<T> recv_until(
      const std::chrono::time_point<Clock, Duration>& when) const {
    return recv_by(head(), deadline_at(when));
  }
  // The same; tells timeout from closed.
  template <class Rep, class Period>
  [[gnu::always_inline]] chan_status recv_for(T& to,
                                              const std::chrono::duration<Rep, Period>& d) const {
    return recv_into(head(), to, deadline_in(d));
  }
  template <class Clock, class Duration>
  [[gnu::always_inline]] chan_status recv_until(
      T& to, const std::chrono::time_point<Clock, Duration>& when) const {
    return recv_into(head(), to, deadline_at(when));
  }
  template <class Rep, class Period>
    requires(!is_duration<T>::value)
  [[gnu::always_inline]] chan_status recv_for(const std::chrono::duration<Rep, Period>& d,
                                              T& to) const {
    return recv_into(head(), to, deadline_in(d));
  }
  template <class Clock, class Duration>
    requires(!is_time_point<T>::value)
  [[gnu::always_inline]] chan_status recv_until(
      const std::chrono::time_point<Clock, Duration>& when, T& to) const {
    return recv_into(head(), to, deadline_at(when));
  }

  [[gnu::always_inline]] recv_iterator<T> begin() const {
    return recv_iterator<T>(chan_access::handle(static_cast<const Self&>(*this)));
  }
  recv_sentinel end() const noexcept { return {}; }

 private:
  [[gnu::always_inline]] static std::optional<T> recv_by(chan_head* c, std::int64_t deadline_ns) {
    incoming<T> in;
    if (chan_recv_until(c, in.address(), deadline_ns, nullptr) != chan_result::done)
      return std::nullopt;
    return in.take();
  }
  [[gnu::always_inline]] static chan_status recv_into(chan_head* c, T& to,
                                                      std::int64_t deadline_ns) {
    incoming<T> in;
    const chan_result result = chan_recv_until(c, in.address(), deadline_ns, nullptr);
    if (result == chan_result::closed) return chan_status::closed;
    if (result != chan_result::done) return chan_status::timeout;
    in.consume([&](T&& v) { replace(to, std::move(v)); });
    return chan_status::value;
  }
  chan_head* head() const noexcept {
    return chan_access::head(static_cast<const Self&>(*this));
  }
};

template <>
class recv_iterator<void> {
 public:
  struct tag {};
  using value_type = tag;
  using difference_type = std::ptrdiff_t;

  [[gnu::always_inline]] explicit recv_iterator(chan_handle from) : from_(std::move(from)) {
    next();
  }
  tag operator*() const noexcept { return {}; }
  [[gnu::always_inline]] recv_iterator& operator++() {
    next();
    return *this;
  }
  [[gnu::always_inline]] void operator++(int) { next(); }
  friend bool operator==(const recv_iterator& it, recv_sentinel) noexcept { return !it.has_value_; }

 private:
  [[gnu::always_inline]] void next() {
    has_value_ = chan_recv(from_.get(), nullptr);
    end_of_shell();
  }
  chan_handle from_;
  bool has_value_ = false;
};

template <class Self>
class recv_side<Self, void> {
 public:
  // All of them: true for a signal, false when closed and drained (or none came in time).
  [[gnu::always_inline]] bool recv() const {
    const bool got = chan_recv(head(), nullptr);
    end_of_shell();
    return got;
  }
  [[gnu::always_inline]] bool try_recv() const {
    chan_head* c = head();
    if (c == nullptr || !chan_head::recv_looks_ready(c->look())) return false;
    return chan_recv_until(c, nullptr, no_wait, nullptr) == chan_result::done;
  }
  template <class Rep, class Period>
  [[gnu::always_inline]] bool recv_for(const std::chrono::duration<Rep, Period>& d) const {
    return chan_recv_until(head(), nullptr, deadline_in(d), nullptr) == chan_result::done;
  }
  template <class Clock, class Duration>
  [[gnu::always_inline]] bool recv_until(
      const std::chrono::time_point<Clock, Duration>& when) const {
    return chan_recv_until(head(), nullptr, deadline_at(when), nullptr) == chan_result::done;
  }
  [[gnu::always_inline]] recv_iterator<void> begin() const {
    return recv_iterator<void>(chan_access::handle(static_cast<const Self&>(*this)));
  }
  recv_sentinel end() const noexcept { return {}; }

 private:
  chan_head* head() const noexcept {
    return chan_access::head(static_cast<const Self&>(*this));
  }
};

}  // namespace detail
}  // namespace weft
