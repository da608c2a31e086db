// A flow with a stack of its own, for the tests of the switch.
#pragma once

#include <cerrno>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>

#include "runtime/context/context.hpp"

namespace weft::rt::test {

// Never the address of another thread's: these are not inlined.
[[gnu::noinline]] inline int errno_now() {
  return errno;
}
[[gnu::noinline]] inline void set_errno(int value) {
  errno = value;
}
[[gnu::noinline]] inline int uncaught_now() {
  return std::uncaught_exceptions();
}

// The calling thread's stack as a context.
struct native_flow {
  context self;
  native_flow() { context_adopt(self); }
  ~native_flow() { context_abandon(self); }
  native_flow(const native_flow&) = delete;
  native_flow& operator=(const native_flow&) = delete;
};

class flow {
 public:
  static constexpr std::size_t stack_bytes = 256 * 1024;

  explicit flow(std::function<void(flow&)> body)
      : memory_(new std::byte[stack_bytes]), body_(std::move(body)) {
    make();
  }
  ~flow() { context_destroy(self); }
  flow(const flow&) = delete;
  flow& operator=(const flow&) = delete;

  // On the same stack again, from its beginning.
  void restart(std::function<void(flow&)> body) {
    context_destroy(self);
    body_ = std::move(body);
    done = false;
    make();
  }

  // By the flow itself.
  void pause() { context_switch(self, *back_); }

  // By whoever runs it next; returns at its next pause or its end.
  void resume(native_flow& from) { resume(from.self); }
  void resume(context& from) {
    back_ = &from;
    context_switch(from, self);
  }

  stack_span stack() const { return {memory_.get(), memory_.get() + stack_bytes}; }

  context self;
  bool done = false;

 private:
  void make() { context_make(self, stack(), &run, this); }
  static void run(void* arg) {
    flow& me = *static_cast<flow*>(arg);
    me.body_(me);
    me.done = true;
    context_leave(me.self, *me.back_);
  }

  std::unique_ptr<std::byte[]> memory_;
  std::function<void(flow&)> body_;
  context* back_ = nullptr;
};

}  // namespace weft::rt::test
