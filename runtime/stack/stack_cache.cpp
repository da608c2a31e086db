#include "runtime/stack/stack_cache.hpp"

#include <algorithm>

namespace weft::rt {

// The pool gives the warmest first, and take() takes the last.
bool stack_cache::refill() noexcept {
  count_ = static_cast<std::uint32_t>(pool_->allocate_batch(spans_, batch, &failure_));
  std::reverse(spans_, spans_ + count_);
  return count_ > 0;
}

void stack_cache::spill() noexcept {
  pool_->release_batch(spans_, batch);
  std::copy(spans_ + batch, spans_ + count_, spans_);
  count_ -= batch;
}

void stack_cache::flush() noexcept {
  if (count_ > 0) pool_->release_batch(spans_, count_);
  count_ = 0;
}

}  // namespace weft::rt
