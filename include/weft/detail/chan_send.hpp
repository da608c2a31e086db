// The sending end of a channel as a mixin: chan and send_chan have it.
//
// The members are shells (shell.hpp). A look that finds nothing to do is inlined too.
#pragma once

#include <cstdint>
#include <type_traits>
#include <utility>

#include <weft/detail/chan_core.hpp>
#include <weft/detail/chan_value.hpp>
#include <weft/detail/deadline.hpp>
#include <weft/detail/shell.hpp>

namespace weft::detail {

// Sends a value that may have to be given back. V is const T& or T. False: not in time.
template <class T, class V>
[[gnu::noinline]] bool send_owned(chan_head* c, V&& value, std::int64_t due_ns,
                                  until_end end = {}) {
  const void* pc = __builtin_return_address(0);
  if (due_ns != no_wait) chan_checkpoint(end.signal);
  // A closed channel stays so: no need to touch the value.
  if (c != nullptr && (c->look() & chan_head::closed) != 0) chan_raise(chan_result::closed);
  outgoing<T> out;
  out.fill(std::forward<V>(value));
  const chan_result result = chan_send_until(c, out.address(), due_ns, pc, end.signal);
  if (result == chan_result::done) {
    out.sent();
    return true;
  }
  out.give_back(std::forward<V>(value));
  if (result == chan_result::not_ready) return false;
  chan_raise(result, end.signal);
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

template <class Self, class T>
class send_side {
 public:
  auto async_send(T value) const;  // for coroutines: <weft/coroutine.hpp>

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
  [[gnu::always_inline]] void send(const T& value, until_end end) const
    requires std::is_copy_constructible_v<T>
  {
    shell(send_owned<T, const T&>(head(), value, no_deadline, end));
  }
  [[gnu::always_inline]] void send(T&& value, until_end end) const {
    shell(send_owned<T, T>(head(), std::move(value), no_deadline, end));
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
  [[gnu::always_inline]] bool send_for(const T& value, delay d, until_end end = {}) const
    requires std::is_copy_constructible_v<T>
  {
    return shell(send_owned<T, const T&>(head(), value, d.due_ns, end));
  }
  [[gnu::always_inline]] bool send_for(T&& value, delay d, until_end end = {}) const {
    return shell(send_owned<T, T>(head(), std::move(value), d.due_ns, end));
  }
  [[gnu::always_inline]] bool send_until(const T& value, moment when, until_end end = {}) const
    requires std::is_copy_constructible_v<T>
  {
    return shell(send_owned<T, const T&>(head(), value, when.due_ns, end));
  }
  [[gnu::always_inline]] bool send_until(T&& value, moment when, until_end end = {}) const {
    return shell(send_owned<T, T>(head(), std::move(value), when.due_ns, end));
  }

  // Nobody will send any more. Senders that wait throw; receivers get what is left, then nothing.
  // Throws closed_channel if it is closed already, or nil.
  void close() const { chan_close(head()); }

 private:
  chan_head* head() const noexcept { return chan_access::head(static_cast<const Self&>(*this)); }
};

template <class Self>
class send_side<Self, void> {
 public:
  auto async_send() const;

  [[gnu::always_inline]] void send() const {
    chan_send(head(), nullptr);
    end_of_shell();
  }
  [[gnu::always_inline]] bool try_send() const {
    chan_head* c = head();
    if (c == nullptr || !c->send_looks_ready(c->look())) return false;
    return is_sent(chan_send_until(c, nullptr, no_wait, nullptr));
  }
  [[gnu::always_inline]] void send(until_end end) const { send_by(no_deadline, end); }
  [[gnu::always_inline]] bool send_for(delay d, until_end end = {}) const {
    return send_by(d.due_ns, end);
  }
  [[gnu::always_inline]] bool send_until(moment when, until_end end = {}) const {
    return send_by(when.due_ns, end);
  }
  void close() const { chan_close(head()); }

 private:
  [[gnu::always_inline]] bool send_by(std::int64_t due_ns, until_end end) const {
    chan_checkpoint(end.signal);
    return is_sent(chan_send_until(head(), nullptr, due_ns, nullptr, end.signal), end);
  }
  static bool is_sent(chan_result result, until_end end = {}) {
    if (result == chan_result::done) return true;
    if (result == chan_result::not_ready) return false;
    chan_raise(result, end.signal);
  }
  chan_head* head() const noexcept { return chan_access::head(static_cast<const Self&>(*this)); }
};

}  // namespace weft::detail
