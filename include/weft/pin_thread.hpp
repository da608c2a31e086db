// weft::pin_thread: for code that must stay on one OS thread for a while.
#pragma once

#include <weft/detail/export.hpp>

namespace weft {

namespace detail {
WEFT_API void* pin_begin() noexcept;
WEFT_API void pin_end(void* task) noexcept;
}  // namespace detail

// While a guard lives, its task stays on the OS thread that it runs on, and no other task runs
// there: for thread-local state of a library, a std::mutex held across a wait, a thread's name or
// priority. The task may wait as ever; other tasks go on on other threads. Each wait costs two
// changes of OS threads. Guards nest, and end in the task in which they began. On a foreign thread:
// nothing. Does not block.
class [[nodiscard]] pin_thread {
 public:
  pin_thread() noexcept : task_(detail::pin_begin()) {}
  pin_thread(const pin_thread&) = delete;
  pin_thread& operator=(const pin_thread&) = delete;
  ~pin_thread() { detail::pin_end(task_); }

 private:
  void* task_;
};

}  // namespace weft
