// The library's side of after_func: a function that a task of its own calls when the time has come.
#pragma once

#include <cstdint>
#include <utility>

#include <weft/detail/export.hpp>
#include <weft/detail/opaque.hpp>

namespace weft::detail {

// Counted: by handles, by the library while it is pending, and by each task that runs the function.
struct func_timer {
  void (*run)(func_timer& self);
  void (*destroy)(func_timer& self) noexcept;
  opaque<136> rest;
};

template <class F>
struct func_timer_of : func_timer {
  F function;
  template <class G>
  explicit func_timer_of(G&& f)
      : func_timer{[](func_timer& self) {
                     static_cast<void>(static_cast<func_timer_of&>(self).function());
                   },
                   [](func_timer& self) noexcept { delete &static_cast<func_timer_of&>(self); },
                   {}},
        function(std::forward<G>(f)) {}
};

// Arms a fresh one, for the line that the call is in. Throws what go() throws: then nothing is
// armed. The reference is the caller's, from the beginning.
WEFT_API void func_timer_begin(func_timer& fresh, std::int64_t due_ns);
// A new due time, or no_wait: stopped. True if it was pending. Throws only when it is not stopping.
WEFT_API bool func_timer_set(func_timer& timer, std::int64_t due_ns);
WEFT_API void func_timer_retain(func_timer& timer) noexcept;
WEFT_API void func_timer_release(func_timer& timer) noexcept;

class func_timer_handle {
 public:
  func_timer_handle() noexcept = default;
  explicit func_timer_handle(func_timer* owned) noexcept : timer_(owned) {}
  func_timer_handle(const func_timer_handle& other) noexcept : timer_(other.timer_) {
    if (timer_ != nullptr) func_timer_retain(*timer_);
  }
  func_timer_handle(func_timer_handle&& other) noexcept
      : timer_(std::exchange(other.timer_, nullptr)) {}
  func_timer_handle& operator=(func_timer_handle other) noexcept {
    std::swap(timer_, other.timer_);
    return *this;
  }
  ~func_timer_handle() {
    if (timer_ != nullptr) func_timer_release(*timer_);
  }
  func_timer* get() const noexcept { return timer_; }

 private:
  func_timer* timer_ = nullptr;
};

}  // namespace weft::detail
