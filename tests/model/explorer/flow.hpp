// A stackful flow of control: a thread of the model, many of which share one OS thread.
//
// Flows switch directly from one to the other. One that is given up in the middle (an execution
// that failed) is simply started anew; its frames are not unwound.
#pragma once

#include <ucontext.h>

#include <cstddef>
#include <memory>

namespace weft::model {

class flow {
 public:
  flow() = default;
  flow(const flow&) = delete;
  flow& operator=(const flow&) = delete;

  // The next switch to this flow calls entry(argument), which never returns.
  void prepare(void (*entry)(void*), void* argument);
  // Continues `to`; returns when somebody switches back here. `from` is the flow that runs now.
  static void change(flow& from, flow& to);

 private:
  static constexpr std::size_t stack_bytes = 256 * 1024;

  ucontext_t context_{};
  std::unique_ptr<char[]> stack_;  // null in the flow that the OS thread came with
  void (*entry_)(void*) = nullptr;
  void* argument_ = nullptr;
  [[maybe_unused]] void* sanitizer_save_ = nullptr;
  const void* bottom_ = nullptr;
  std::size_t bytes_ = 0;

  static void trampoline();
  static void arrived();
};

}  // namespace weft::model
