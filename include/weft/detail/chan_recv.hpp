// The receiving end of a channel as a mixin: chan and recv_chan have it.
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

template <class T>
concept is_duration = std::is_same_v<T, std::chrono::duration<typename T::rep, typename T::period>>;
template <class T>
concept is_time_point =
    std::is_same_v<T, std::chrono::time_point<typename T::clock, typename T::duration>>;

struct recv_sentinel {};

[[gnu::always_inline]] inline bool recv_under(chan_head* c, void* cell, until_end end) {
  return chan_recv_until(c, cell, no_deadline, nullptr, end.signal) == chan_result::done;
}

template <class T>
class recv_iterator;

// for (auto&& v : ch.each(ctx)): the same under a context, which outlives the loop.
template <class T>
struct recv_range {
  chan_handle from;
  until_end limit;
  [[gnu::always_inline]] auto begin() const { return recv_iterator<T>(from, limit); }
  recv_sentinel end() const noexcept { return {}; }
};

// for (auto&& v : ch): receives until the channel is closed and drained.
template <class T>
class recv_iterator {
  struct signal {};

 public:
  using value_type = std::conditional_t<std::is_void_v<T>, signal, T>;
  using difference_type = std::ptrdiff_t;

  [[gnu::always_inline]] explicit recv_iterator(chan_handle from, until_end end)
      : from_(std::move(from)), end_(end) {
    next();
  }

  // The value is the loop's: it may be moved from.
  value_type&& operator*() const noexcept { return std::move(*value_); }
  [[gnu::always_inline]] recv_iterator& operator++() {
    value_.reset();
    next();
    return *this;
  }
  [[gnu::always_inline]] void operator++(int) { ++*this; }
  friend bool operator==(const recv_iterator& it, recv_sentinel) noexcept { return !it.value_; }

 private:
  [[gnu::always_inline]] void next() {
    if constexpr (std::is_void_v<T>) {
      if (receive(nullptr)) value_.emplace();
    } else {
      incoming<T> in;
      if (receive(in.address())) in.consume([&](T&& v) { value_.emplace(std::move(v)); });
    }
    end_of_shell();
  }
  [[gnu::always_inline]] bool receive(void* cell) {
    return end_.signal == nullptr ? chan_recv(from_.get(), cell)
                                  : recv_under(from_.get(), cell, end_);
  }

  chan_handle from_;
  until_end end_;
  mutable std::optional<value_type> value_;
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
  [[gnu::always_inline]] std::optional<T> recv(until_end end) const {
    return recv_by(head(), no_deadline, end);
  }

  // auto [value, ok]: T{} and false when closed and drained.
  [[gnu::always_inline]] recv_result<T> recv_ok() const {
    incoming<T> in;
    const bool got = chan_recv(head(), in.address());
    end_of_shell();
    return with_ok(in, got);
  }
  [[gnu::always_inline]] recv_result<T> recv_ok(until_end end) const {
    incoming<T> in;
    return with_ok(in, recv_under(head(), in.address(), end));
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
  [[gnu::always_inline]] std::optional<T> recv_for(delay d, until_end end = {}) const {
    return recv_by(head(), d.due_ns, end);
  }
  [[gnu::always_inline]] std::optional<T> recv_until(moment when, until_end end = {}) const {
    return recv_by(head(), when.due_ns, end);
  }
  // The same; tells timeout from closed.
  [[gnu::always_inline]] chan_status recv_for(T& to, delay d, until_end end = {}) const {
    return recv_into(head(), to, d.due_ns, end);
  }
  [[gnu::always_inline]] chan_status recv_until(T& to, moment when, until_end end = {}) const {
    return recv_into(head(), to, when.due_ns, end);
  }
  [[gnu::always_inline]] chan_status recv_for(delay d, T& to) const
    requires(!is_duration<T>)
  {
    return recv_into(head(), to, d.due_ns);
  }
  [[gnu::always_inline]] chan_status recv_until(moment when, T& to) const
    requires(!is_time_point<T>)
  {
    return recv_into(head(), to, when.due_ns);
  }

  [[gnu::always_inline]] recv_iterator<T> begin(until_end end = {}) const {
    return recv_iterator<T>(chan_access::handle(static_cast<const Self&>(*this)), end);
  }
  recv_sentinel end() const noexcept { return {}; }
  recv_range<T> each(until_end end) const noexcept {
    return {chan_access::handle(static_cast<const Self&>(*this)), end};
  }

  auto async_recv() const;  // for coroutines: <weft/coroutine.hpp>

 private:
  static recv_result<T> with_ok(incoming<T>& in, bool got) {
    if (!got) return recv_result<T>{T{}, false};
    return in.consume([](T&& v) { return recv_result<T>{T(std::move(v)), true}; });
  }
  [[gnu::always_inline]] static std::optional<T> recv_by(chan_head* c, std::int64_t due_ns,
                                                         until_end end = {}) {
    incoming<T> in;
    if (chan_recv_until(c, in.address(), due_ns, nullptr, end.signal) != chan_result::done)
      return std::nullopt;
    return in.take();
  }
  [[gnu::always_inline]] static chan_status recv_into(chan_head* c, T& to, std::int64_t due_ns,
                                                      until_end end = {}) {
    incoming<T> in;
    const chan_result result = chan_recv_until(c, in.address(), due_ns, nullptr, end.signal);
    if (result == chan_result::closed) return chan_status::closed;
    if (result != chan_result::done) return chan_status::timeout;
    in.consume([&](T&& v) { replace(to, std::move(v)); });
    return chan_status::value;
  }
  chan_head* head() const noexcept { return chan_access::head(static_cast<const Self&>(*this)); }
};

template <class Self>
class recv_side<Self, void> {
 public:
  // All of them: true for a signal, false when closed and drained (or none came in time).
  [[gnu::always_inline]] bool recv() const { return shell(chan_recv(head(), nullptr)); }
  [[gnu::always_inline]] bool recv(until_end end) const { return recv_under(head(), nullptr, end); }
  [[gnu::always_inline]] bool try_recv() const {
    chan_head* c = head();
    if (c == nullptr || !chan_head::recv_looks_ready(c->look())) return false;
    return chan_recv_until(c, nullptr, no_wait, nullptr) == chan_result::done;
  }
  [[gnu::always_inline]] bool recv_for(delay d, until_end end = {}) const {
    return recv_by(d.due_ns, end);
  }
  [[gnu::always_inline]] bool recv_until(moment when, until_end end = {}) const {
    return recv_by(when.due_ns, end);
  }
  [[gnu::always_inline]] recv_iterator<void> begin(until_end end = {}) const {
    return recv_iterator<void>(chan_access::handle(static_cast<const Self&>(*this)), end);
  }
  recv_range<void> each(until_end end) const noexcept {
    return {chan_access::handle(static_cast<const Self&>(*this)), end};
  }
  recv_sentinel end() const noexcept { return {}; }

  auto async_recv() const;

 private:
  [[gnu::always_inline]] bool recv_by(std::int64_t due_ns, until_end end) const {
    return chan_recv_until(head(), nullptr, due_ns, nullptr, end.signal) == chan_result::done;
  }
  chan_head* head() const noexcept { return chan_access::head(static_cast<const Self&>(*this)); }
};

}  // namespace detail
}  // namespace weft
