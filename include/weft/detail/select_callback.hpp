// How a received value reaches the program: into a variable, or to a callback in the first form that
// it takes.
#pragma once

#include <optional>
#include <type_traits>
#include <utility>

#include <weft/detail/chan_value.hpp>

namespace weft::detail {

// Converts to exactly U: fits a parameter of type U and no other (but for those that take anything).
template <class U>
struct exactly {
  template <class V>
    requires std::is_same_v<V, U>
  operator V() const;
};

// The parameter type of a callable with one signature: tells optional<T> from what takes anything.
template <class F>
struct only_parameter {
  using type = void;
};
#define WEFT_ONLY_PARAMETER(...)             \
  template <class C, class R, class P>       \
  struct only_parameter<R (C::*)(P) __VA_ARGS__> { \
    using type = P;                          \
  };
WEFT_ONLY_PARAMETER()
WEFT_ONLY_PARAMETER(const)
WEFT_ONLY_PARAMETER(noexcept)
WEFT_ONLY_PARAMETER(const noexcept)
WEFT_ONLY_PARAMETER(&)
WEFT_ONLY_PARAMETER(const&)
#undef WEFT_ONLY_PARAMETER
template <class R, class P, bool No>
struct only_parameter<R (*)(P) noexcept(No)> {
  using type = P;
};

enum class callback_form { optional, value_and_flag, value, nothing, none };

// A generic lambda must not be asked whether it takes something it was not written for: the answer
// would need its body. Only what has a single signature, or several plain ones, is asked for
// optional<T> first.
template <class F, class T>
constexpr bool takes_optional_first() {
  using plain = std::remove_cvref_t<F>;
  if constexpr (requires { &plain::operator(); }) {
    using parameter = typename only_parameter<decltype(&plain::operator())>::type;
    return std::is_same_v<std::remove_cvref_t<parameter>, std::optional<T>>;
  } else if constexpr (requires { &plain::template operator()<T>; }) {
    return false;
  } else if constexpr (std::is_pointer_v<std::decay_t<F>>) {
    using parameter = typename only_parameter<std::decay_t<F>>::type;
    return std::is_same_v<std::remove_cvref_t<parameter>, std::optional<T>>;
  } else {
    return std::is_invocable_v<F, exactly<std::optional<T>>>;
  }
}

template <class F, class T>
constexpr callback_form callback_form_of() {
  if constexpr (std::is_void_v<T>) {
    if constexpr (std::is_invocable_v<F, bool>)
      return callback_form::value;
    else if constexpr (std::is_invocable_v<F>)
      return callback_form::nothing;
    else
      return callback_form::none;
  } else {
    if constexpr (takes_optional_first<F, T>())
      return callback_form::optional;
    else if constexpr (std::is_invocable_v<F, T, bool>)
      return callback_form::value_and_flag;
    else if constexpr (std::is_invocable_v<F, T>)
      return callback_form::value;
    else if constexpr (std::is_invocable_v<F>)
      return callback_form::nothing;
    else if constexpr (std::is_invocable_v<F, std::optional<T>>)
      return callback_form::optional;
    else
      return callback_form::none;
  }
}

template <class F, class T>
concept recv_callback = callback_form_of<F&, T>() != callback_form::none;

// A sink takes the value (null: closed and drained) and, where the form needs a T and there is no
// T{}, throws closed_channel.

template <class T>
T default_or_throw() {
  if constexpr (std::is_default_constructible_v<T>)
    return T{};
  else
    chan_raise(chan_result::closed);
}

struct drop_sink {
  template <class T>
  void operator()(T*) const noexcept {}
  void closed_or_signal(bool) const noexcept {}
};

template <class T>
struct value_sink {
  T* to;
  void operator()(T* value) const {
    if (value != nullptr)
      replace(*to, std::move(*value));
    else
      replace(*to, default_or_throw<T>());
  }
};

template <class T>
struct optional_sink {
  std::optional<T>* to;
  void operator()(T* value) const {
    if (value != nullptr)
      to->emplace(std::move(*value));
    else
      to->reset();
  }
};

// The flag is all that a T without a default needs to be told.
template <class T, class Sink>
struct flagged_sink {
  Sink sink;
  bool* ok;
  void operator()(T* value) const {
    constexpr bool can_be_empty =
        std::is_default_constructible_v<T> || std::is_same_v<Sink, optional_sink<T>>;
    if (can_be_empty || value != nullptr) sink(value);
    *ok = value != nullptr;
  }
};

// F is a callable, or a reference to one.
template <class T, class F>
struct callback_sink {
  F f;
  void operator()(T* value) {
    constexpr callback_form form = callback_form_of<std::remove_reference_t<F>&, T>();
    if constexpr (form == callback_form::optional) {
      if (value != nullptr)
        f(std::optional<T>(std::in_place, std::move(*value)));
      else
        f(std::optional<T>());
    } else if constexpr (form == callback_form::value_and_flag) {
      if (value != nullptr)
        f(std::move(*value), true);
      else
        f(default_or_throw<T>(), false);
    } else if constexpr (form == callback_form::value) {
      if (value != nullptr)
        f(std::move(*value));
      else
        f(default_or_throw<T>());
    } else {
      f();
    }
  }
};

// chan<void>: there is a flag only.
struct signal_flag_sink {
  bool* ok;
  void closed_or_signal(bool is_signal) const noexcept { *ok = is_signal; }
};

template <class F>
struct signal_callback_sink {
  F f;
  void closed_or_signal(bool is_signal) {
    if constexpr (callback_form_of<std::remove_reference_t<F>&, void>() == callback_form::value)
      f(is_signal);
    else
      f();
  }
};

// The sink that a select_set keeps: with a callback of its own.
template <class Sink>
Sink kept_sink(Sink&& sink) {
  return std::move(sink);
}
template <class T, class F>
callback_sink<T, std::decay_t<F>> kept_sink(callback_sink<T, F>&& sink) {
  return {std::forward<F>(sink.f)};
}
template <class F>
signal_callback_sink<std::decay_t<F>> kept_sink(signal_callback_sink<F>&& sink) {
  return {std::forward<F>(sink.f)};
}

}  // namespace weft::detail
