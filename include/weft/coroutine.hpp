// weft and C++20 coroutines: channels awaited in a coroutine, an awaitable waited for by a task.
//
//   my_coroutine f(weft::chan<int> in, weft::chan<int> out) {
//     while (std::optional<int> v = co_await in.async_recv()) co_await out.async_send(*v + 1);
//   }
//   int n = weft::sync_wait(some_awaitable);  // waits as a task waits
//
// What can be done at once does not suspend. What must wait is done by a weft task, and the coroutine
// continues in that task: from there on its code may use weft's blocking calls, and its wait is
// reported and cancelled as the task's. That needs a running runtime (else weft::error at the
// co_await). Any kind of coroutine may await; it must not be destroyed while it is suspended here.
#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include <weft/chan.hpp>
#include <weft/task.hpp>

namespace weft {

namespace detail {

// Makes a call in a task of its own and continues the coroutine there.
template <class R>
class call_awaiter {
 public:
  R await_resume() {
    if (error_) std::rethrow_exception(std::move(error_));
    if constexpr (!std::is_void_v<R>) return std::move(*result_);
  }

 protected:
  template <class Call>
  void in_a_task(std::coroutine_handle<> who, Call call) {
    go([this, who, call] {
      try {
        if constexpr (std::is_void_v<R>)
          call();
        else
          result_.emplace(call());
      } catch (...) {
        error_ = std::current_exception();  // task_cancelled too: the co_await throws it
      }
      who.resume();
    });
  }

  std::optional<std::conditional_t<std::is_void_v<R>, char, R>> result_;

 private:
  std::exception_ptr error_;
};

template <class T>
using received = std::conditional_t<std::is_void_v<T>, bool, std::optional<T>>;

template <class T>
class recv_awaiter : public call_awaiter<received<T>> {
 public:
  explicit recv_awaiter(recv_chan<T> from) : from_(std::move(from)) {}
  bool await_ready() {
    auto v = from_.try_recv();
    if (!v) return false;  // empty, or closed: recv() knows
    this->result_.emplace(std::move(v));
    return true;
  }
  void await_suspend(std::coroutine_handle<> who) {
    this->in_a_task(who, [this] { return from_.recv(); });
  }

 private:
  recv_chan<T> from_;
};

template <class T>
class send_awaiter : public call_awaiter<void> {
 public:
  send_awaiter(send_chan<T> to, T value) : to_(std::move(to)), value_(std::move(value)) {}
  bool await_ready() { return to_.try_send(std::move(value_)); }
  void await_suspend(std::coroutine_handle<> who) {
    in_a_task(who, [this] { to_.send(std::move(value_)); });
  }

 private:
  send_chan<T> to_;
  T value_;
};

template <>
class send_awaiter<void> : public call_awaiter<void> {
 public:
  explicit send_awaiter(send_chan<void> to) : to_(std::move(to)) {}
  bool await_ready() { return to_.try_send(); }
  void await_suspend(std::coroutine_handle<> who) {
    in_a_task(who, [this] { to_.send(); });
  }

 private:
  send_chan<void> to_;
};

}  // namespace detail

// co_await ch.async_recv(): std::optional<T>, empty when closed and drained (bool for chan<void>).
// co_await ch.async_send(v): throws closed_channel; the value is lost then.
template <class Self, class T>
auto detail::recv_side<Self, T>::async_recv() const {
  return recv_awaiter<T>(static_cast<const Self&>(*this));
}
template <class Self>
auto detail::recv_side<Self, void>::async_recv() const {
  return recv_awaiter<void>(static_cast<const Self&>(*this));
}
template <class Self, class T>
auto detail::send_side<Self, T>::async_send(T value) const {
  return send_awaiter<T>(static_cast<const Self&>(*this), std::move(value));
}
template <class Self>
auto detail::send_side<Self, void>::async_send() const {
  return send_awaiter<void>(static_cast<const Self&>(*this));
}

namespace detail {

template <class A>
decltype(auto) awaiter_of(A&& a) {
  if constexpr (requires { std::forward<A>(a).operator co_await(); })
    return std::forward<A>(a).operator co_await();
  else if constexpr (requires { operator co_await(std::forward<A>(a)); })
    return operator co_await(std::forward<A>(a));
  else
    return std::forward<A>(a);
}

template <class A>
using await_result = decltype(awaiter_of(std::declval<A>()).await_resume());

// Runs one awaitable to its end; its last step closes `done`.
struct driver {
  struct promise_type {
    std::exception_ptr error;
    chan<void> done = make_chan<void>();

    driver get_return_object() {
      return {std::coroutine_handle<promise_type>::from_promise(*this)};
    }
    std::suspend_always initial_suspend() noexcept { return {}; }
    auto final_suspend() noexcept {
      struct last {
        bool await_ready() noexcept { return false; }
        void await_suspend(std::coroutine_handle<promise_type> self) noexcept {
          const chan<void> end = self.promise().done;  // the frame may be gone once it is closed
          end.close();
        }
        void await_resume() noexcept {}
      };
      return last{};
    }
    void return_void() noexcept {}
    void unhandled_exception() noexcept { error = std::current_exception(); }
  };
  std::coroutine_handle<promise_type> handle;
};

template <class A, class Keep>
driver drive(A& awaitable, Keep& keep) {
  auto&& awaiter = awaiter_of(std::forward<A>(awaitable));
  if constexpr (std::is_void_v<await_result<A>>)
    co_await awaiter;
  else
    keep(co_await awaiter);
}

// Owns the driver's frame, which ends only when the coroutine has: a cancelled waiter waits on.
struct driven {
  std::coroutine_handle<driver::promise_type> handle;
  ~driven() {
    (void)handle.promise().done.recv();
    handle.destroy();
  }
};

}  // namespace detail

// Waits until the awaitable has its result and returns it, or throws what it throws. From a task
// (others go on) or a plain thread. A task that is cancelled meanwhile still waits for the end, and
// then its next blocking call throws.
template <class A>
detail::await_result<A> sync_wait(A&& awaitable) {
  using result = detail::await_result<A>;
  using kept = std::conditional_t<std::is_reference_v<result>,
                                  std::add_pointer_t<std::remove_reference_t<result>>, result>;
  std::optional<std::conditional_t<std::is_void_v<result>, char, kept>> value;
  std::exception_ptr error;
  {
    auto keep = [&](auto&& r) {
      if constexpr (std::is_reference_v<result>)
        value.emplace(std::addressof(r));
      else
        value.emplace(std::forward<decltype(r)>(r));
    };
    detail::driven run{detail::drive<A>(awaitable, keep).handle};
    run.handle.resume();
    const chan<void> done = run.handle.promise().done;
    (void)done.recv();
    error = run.handle.promise().error;
  }
  if (error) std::rethrow_exception(std::move(error));
  if constexpr (std::is_reference_v<result>)
    return static_cast<result>(**value);
  else if constexpr (!std::is_void_v<result>)
    return std::move(*value);
}

}  // namespace weft
