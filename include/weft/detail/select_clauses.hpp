// The clauses that channels bring to select, and otherwise, timeout and until.
//
// A clause belongs to the selecting task. It refers to its channel, its operand and an lvalue
// callback; the copy that a select_set keeps (kept()) holds the channel, an rvalue operand and the
// callback itself.
#pragma once

#include <cstdint>
#include <type_traits>
#include <utility>

#include <weft/chan.hpp>
#include <weft/detail/select_callback.hpp>
#include <weft/detail/select_core.hpp>

namespace weft::detail {

// A channel kept alive by somebody else. (A chan_handle is the other choice.)
struct borrowed_chan {
  chan_head* head;
  chan_head* get() const noexcept { return head; }
};

// A clause that can be asked without the library whether it looks ready has
//   bool is_quiet(chan_moment& now) const;         // not ready; what was seen
//   bool is_still_quiet(const chan_moment& then) const;  // unchanged since
// with these for the two kinds, and nil, which is always quiet.
inline bool recv_is_quiet(const chan_head* c, chan_moment& now) noexcept {
  now = c != nullptr ? c->observe() : chan_moment{};
  return c == nullptr || !chan_head::recv_looks_ready(now.state);
}
inline bool send_is_quiet(const chan_head* c, chan_moment& now) noexcept {
  now = c != nullptr ? c->observe() : chan_moment{};
  return c == nullptr || !c->send_looks_ready(now.state);
}
inline bool is_unchanged(const chan_head* c, const chan_moment& then) noexcept {
  return c == nullptr || c->still_at(then);
}

template <class T, class Sink, class Ref = borrowed_chan>
class recv_clause {
 public:
  using weft_select_clause = void;

  recv_clause(Ref from, Sink sink) : from_(std::move(from)), sink_(std::move(sink)) {}

  void arm(select_case& to, select_plan&, int) noexcept {
    to.ops = &chan_recv_ops;
    to.object = from_.get();
    to.cell = in_.address();
  }
  bool is_quiet(chan_moment& now) const noexcept { return recv_is_quiet(from_.get(), now); }
  bool is_still_quiet(const chan_moment& m) const noexcept { return is_unchanged(from_.get(), m); }
  void finish(const select_case& chosen) {
    if (chosen.is_closed)
      sink_(static_cast<T*>(nullptr));
    else
      in_.consume([&](T&& value) { sink_(&value); });
  }
  auto kept() && {
    using stored = decltype(kept_sink(std::move(sink_)));
    return recv_clause<T, stored, chan_handle>(chan_handle::to(from_.get()),
                                               kept_sink(std::move(sink_)));
  }

 private:
  Ref from_;
  Sink sink_;
  incoming<T> in_;
};

template <class Sink, class Ref>
class recv_clause<void, Sink, Ref> {
 public:
  using weft_select_clause = void;

  recv_clause(Ref from, Sink sink) : from_(std::move(from)), sink_(std::move(sink)) {}

  void arm(select_case& to, select_plan&, int) noexcept {
    to.ops = &chan_recv_ops;
    to.object = from_.get();
  }
  bool is_quiet(chan_moment& now) const noexcept { return recv_is_quiet(from_.get(), now); }
  bool is_still_quiet(const chan_moment& m) const noexcept { return is_unchanged(from_.get(), m); }
  void finish(const select_case& chosen) { sink_.closed_or_signal(!chosen.is_closed); }
  auto kept() && {
    using stored = decltype(kept_sink(std::move(sink_)));
    return recv_clause<void, stored, chan_handle>(chan_handle::to(from_.get()),
                                               kept_sink(std::move(sink_)));
  }

 private:
  Ref from_;
  Sink sink_;
};

struct no_callback {
  void operator()() const noexcept {}
};

// Where the value of a send comes from. V is what is sent when it is chosen: const T& is copied,
// T&& moved from.
template <class T>
struct copied_operand {
  const T* value;
  const T& get() noexcept { return *value; }
  const void* bytes() noexcept { return value; }
  const void* source() const noexcept { return nullptr; }
  copied_operand kept() && noexcept { return *this; }
};

// In a set: its own value, copied at each send if that is possible.
template <class T>
struct owned_operand {
  T value;
  decltype(auto) get() noexcept {
    if constexpr (std::is_copy_constructible_v<T>)
      return static_cast<const T&>(value);
    else
      return std::move(value);
  }
  const void* bytes() noexcept { return std::addressof(value); }
  const void* source() const noexcept { return nullptr; }  // nobody else moves from it
};

template <class T>
struct moved_operand {
  T* value;
  T&& get() noexcept { return std::move(*value); }
  const void* bytes() noexcept { return value; }
  const void* source() const noexcept { return value; }
  owned_operand<T> kept() && { return {std::move(*value)}; }
};

template <class T, class Operand, class F, class Ref = borrowed_chan>
class send_clause {
 public:
  using weft_select_clause = void;

  send_clause(Ref to, Operand operand, F f)
      : to_(std::move(to)), operand_(std::move(operand)), f_(std::forward<F>(f)) {}

  send_clause(send_clause&& other)
      : to_(std::move(other.to_)),
        operand_(std::move(other.operand_)),
        f_(std::forward<F>(other.f_)) {}

  void arm(select_case& to, select_plan&, int) noexcept {
    to.ops = &chan_send_ops;
    to.object = to_.get();
    if constexpr (travels_as_bytes<T>) {
      to.cell = const_cast<void*>(operand_.bytes());
    } else {
      to.operand = &functions;
      to.clause = this;
    }
  }
  bool is_quiet(chan_moment& now) const noexcept { return send_is_quiet(to_.get(), now); }
  bool is_still_quiet(const chan_moment& m) const noexcept { return is_unchanged(to_.get(), m); }
  void finish(const select_case& chosen) {
    if (chosen.is_closed) chan_raise(chan_result::closed);
    out_.sent();
    f_();
  }
  auto kept() && {
    using stored = decltype(std::move(operand_).kept());
    return send_clause<T, stored, std::decay_t<F>, chan_handle>(
        chan_handle::to(to_.get()), std::move(operand_).kept(), std::forward<F>(f_));
  }

 private:
  static send_clause& of(const select_case& c) noexcept {
    return *static_cast<send_clause*>(c.clause);
  }
  static void prepare(select_case& c) {
    of(c).out_.fill(of(c).operand_.get());
    c.cell = of(c).out_.address();
  }
  static void unprepare(select_case& c) { of(c).out_.give_back(of(c).operand_.get()); }
  static void was_sent(select_case& c) noexcept { of(c).out_.sent(); }
  static const void* source(const select_case& c) noexcept { return of(c).operand_.source(); }
  static constexpr select_operand functions{&prepare, &unprepare, &was_sent, &source};

  Ref to_;
  Operand operand_;
  F f_;
  outgoing<T> out_;
};

template <class F, class Ref = borrowed_chan>
class signal_clause {
 public:
  using weft_select_clause = void;

  signal_clause(Ref to, F f) : to_(std::move(to)), f_(std::forward<F>(f)) {}

  void arm(select_case& to, select_plan&, int) noexcept {
    to.ops = &chan_send_ops;
    to.object = to_.get();
  }
  bool is_quiet(chan_moment& now) const noexcept { return send_is_quiet(to_.get(), now); }
  bool is_still_quiet(const chan_moment& m) const noexcept { return is_unchanged(to_.get(), m); }
  void finish(const select_case& chosen) {
    if (chosen.is_closed) chan_raise(chan_result::closed);
    f_();
  }
  auto kept() && {
    return signal_clause<std::decay_t<F>, chan_handle>(chan_handle::to(to_.get()),
                                                       std::forward<F>(f_));
  }

 private:
  Ref to_;
  F f_;
};

// Cases that are no thing to wait for. `ns` is a delay or a deadline.
enum class plan_kind : std::uint8_t { otherwise, timeout, until };

template <plan_kind Kind, class F>
class plan_clause {
 public:
  using weft_select_clause = void;
  static constexpr bool is_otherwise = Kind == plan_kind::otherwise;

  plan_clause(std::int64_t ns, F f) : ns_(ns), f_(std::forward<F>(f)) {}

  void arm(select_case&, select_plan& plan, int index) {
    if constexpr (is_otherwise) plan.add_otherwise(index);
    if constexpr (Kind == plan_kind::timeout) plan.add_timeout(index, ns_);
    if constexpr (Kind == plan_kind::until) plan.add_until(index, ns_);
  }
  bool is_quiet(chan_moment&) const noexcept { return true; }
  bool is_still_quiet(const chan_moment&) const noexcept { return true; }
  void finish(const select_case&) { f_(); }
  auto kept() && { return plan_clause<Kind, std::decay_t<F>>(ns_, std::forward<F>(f_)); }

 private:
  std::int64_t ns_;
  F f_;
};

template <class Clause>
inline constexpr int otherwise_count = 0;
template <class Clause>
  requires Clause::is_otherwise
inline constexpr int otherwise_count<Clause> = 1;

template <class Clause>
concept can_be_quiet = requires(const Clause& c, chan_moment& m) {
  c.is_quiet(m);
  c.is_still_quiet(m);
};

template <class Chan>
concept carries_values = !std::is_void_v<typename chan_ends<Chan>::type>;
template <class Chan>
using value_of = typename chan_ends<Chan>::type;

template <class Chan>
borrowed_chan borrow(const Chan& ch) noexcept {
  return {chan_access::head(ch)};
}

}  // namespace weft::detail
