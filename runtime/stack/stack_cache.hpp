// A processor's own warm stacks: last in, first out, bounded.
//
// Owner only (whoever runs as that processor). What does not fit goes to the pool in batches, the
// coldest first; an empty cache takes a batch from the pool. flush() before the processor goes.
#pragma once

#include <cstddef>
#include <cstdint>

#include "runtime/stack/stack_pool.hpp"

namespace weft::rt {

class stack_cache {
 public:
  static constexpr std::uint32_t capacity = 64;
  static constexpr std::uint32_t batch = 32;

  stack_cache() noexcept : stack_cache(stack_pool::of_class(task_stack_class)) {}
  explicit stack_cache(stack_pool& pool) noexcept : pool_(&pool) {}
  ~stack_cache() { flush(); }
  stack_cache(const stack_cache&) = delete;
  stack_cache& operator=(const stack_cache&) = delete;

  // An empty span when the system refuses; last_failure() then says why.
  stack_span take() noexcept {
    if (count_ == 0 && !refill()) [[unlikely]]
      return {};
    if (--count_ != 0) {
      // Spawns come in bursts, and the stack of the next one is cold: its misses are taken now.
      const std::byte* const top = spans_[count_ - 1].hi;
      for (int line = 1; line <= 4; ++line) __builtin_prefetch(top - 64 * line, 1);
    }
    return spans_[count_];
  }

  void give(stack_span span) noexcept {
    if (count_ == capacity) [[unlikely]]
      spill();
    spans_[count_++] = span;
  }

  void flush() noexcept;
  std::uint32_t size() const noexcept { return count_; }
  const stack_failure& last_failure() const noexcept { return failure_; }

 private:
  bool refill() noexcept;
  void spill() noexcept;

  stack_pool* pool_;
  std::uint32_t count_ = 0;
  stack_failure failure_;
  stack_span spans_[capacity];
};

}  // namespace weft::rt
