// weft and std::future.
#pragma once

#include <chrono>
#include <exception>
#include <future>
#include <type_traits>
#include <utility>

#include <weft/task.hpp>

namespace weft {

namespace detail {
template <class Future>
void await_future(const Future& f) {
  using namespace std::chrono_literals;
  if (f.valid() && f.wait_for(0s) == std::future_status::timeout) blocking([&f] { f.wait(); });
}
}  // namespace detail

// What f.get() gives or throws; the task waits in weft::blocking, so other tasks go on. A deferred
// function runs here. From a plain thread: f.get(). A task that is cancelled before it throws
// task_cancelled and leaves the future as it is; a wait that has begun goes on to its end.
template <class T>
T await(std::future<T>& f) {
  detail::await_future(f);
  return f.get();
}
template <class T>
T await(std::future<T>&& f) {
  return await(f);
}
template <class T>
decltype(auto) await(const std::shared_future<T>& f) {
  detail::await_future(f);
  return f.get();
}

// A future of what the task returns or throws (task_ended if it was cancelled). For foreign threads:
// get() in a task would block its worker; use await() there.
template <class R>
std::future<R> to_future(task<R> of) {
  std::promise<R> promise;
  std::future<R> result = promise.get_future();
  go([of = std::move(of), promise = std::move(promise)]() mutable {
    try {
      if constexpr (std::is_void_v<R>) {
        of.join();
        promise.set_value();
      } else {
        promise.set_value(of.join());
      }
    } catch (...) {
      promise.set_exception(std::current_exception());
    }
  });
  return result;
}

}  // namespace weft
