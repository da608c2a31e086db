#include "explorer/flow.hpp"

#if defined(__SANITIZE_ADDRESS__)
#define WEFT_MODEL_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WEFT_MODEL_ASAN 1
#endif
#endif

#if defined(WEFT_MODEL_ASAN)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

namespace weft::model {
namespace {

flow* leaving = nullptr;  // of the switch in progress
flow* entering = nullptr;

}  // namespace

void flow::prepare(void (*entry)(void*), void* argument) {
  if (!stack_) {
    stack_ = std::make_unique<char[]>(stack_bytes);
    bottom_ = stack_.get();
    bytes_ = stack_bytes;
  }
#if defined(WEFT_MODEL_ASAN)
  __asan_unpoison_memory_region(stack_.get(), stack_bytes);  // frames that were given up
#endif
  entry_ = entry;
  argument_ = argument;
  getcontext(&context_);
  context_.uc_stack.ss_sp = stack_.get();
  context_.uc_stack.ss_size = stack_bytes;
  context_.uc_link = nullptr;
  makecontext(&context_, &flow::trampoline, 0);
}

void flow::trampoline() {
  arrived();
  entering->entry_(entering->argument_);
}

void flow::arrived() {
#if defined(WEFT_MODEL_ASAN)
  const void* bottom = nullptr;
  std::size_t bytes = 0;
  __sanitizer_finish_switch_fiber(nullptr, &bottom, &bytes);
  if (!leaving->stack_) {
    leaving->bottom_ = bottom;
    leaving->bytes_ = bytes;
  }
#endif
}

void flow::change(flow& from, flow& to) {
  leaving = &from;
  entering = &to;
#if defined(WEFT_MODEL_ASAN)
  __sanitizer_start_switch_fiber(&from.sanitizer_save_, to.bottom_, to.bytes_);
#endif
  swapcontext(&from.context_, &to.context_);
#if defined(WEFT_MODEL_ASAN)
  __sanitizer_finish_switch_fiber(from.sanitizer_save_, nullptr, nullptr);
#endif
}

}  // namespace weft::model
