// options.on_deadlock: an action or a callable, without <functional>.
#pragma once

#include <type_traits>
#include <utility>

namespace weft {

namespace debug {
class deadlock_report;
}

enum class deadlock_action : unsigned char {
  abort,   // print the report and end the process with status 2
  unwind,  // the stuck tasks' waits throw weft::deadlocked
};

// Copyable; the callable must be copyable too. Its call may come from any thread of weft's.
class deadlock_handler {
 public:
  deadlock_handler() noexcept = default;
  deadlock_handler(deadlock_action action) noexcept : action_(action) {}

  template <class F>
    requires(!std::is_same_v<std::remove_cvref_t<F>, deadlock_handler> &&
             std::is_invocable_v<std::decay_t<F>&, const debug::deadlock_report&>)
  deadlock_handler(F&& callable)
      : callable_(new std::decay_t<F>(std::forward<F>(callable))),
        operations_(&operations_for<std::decay_t<F>>) {}

  deadlock_handler(const deadlock_handler& other)
      : action_(other.action_),
        callable_(other.callable_ != nullptr ? other.operations_->copy(other.callable_) : nullptr),
        operations_(other.operations_) {}
  deadlock_handler(deadlock_handler&& other) noexcept
      : action_(other.action_),
        callable_(std::exchange(other.callable_, nullptr)),
        operations_(other.operations_) {}
  deadlock_handler& operator=(deadlock_handler other) noexcept {
    std::swap(action_, other.action_);
    std::swap(callable_, other.callable_);
    std::swap(operations_, other.operations_);
    return *this;
  }
  ~deadlock_handler() {
    if (callable_ != nullptr) operations_->destroy(callable_);
  }

  bool is_callback() const noexcept { return callable_ != nullptr; }
  deadlock_action action() const noexcept { return action_; }
  void operator()(const debug::deadlock_report& report) const {
    operations_->call(callable_, report);
  }

 private:
  struct operations {
    void (*call)(void*, const debug::deadlock_report&);
    void* (*copy)(const void*);
    void (*destroy)(void*) noexcept;
  };
  template <class F>
  static constexpr operations operations_for = {
      [](void* f, const debug::deadlock_report& report) { (*static_cast<F*>(f))(report); },
      [](const void* f) -> void* { return new F(*static_cast<const F*>(f)); },
      [](void* f) noexcept { delete static_cast<F*>(f); }};

  deadlock_action action_ = deadlock_action::abort;
  void* callable_ = nullptr;
  const operations* operations_ = nullptr;
};

}  // namespace weft
