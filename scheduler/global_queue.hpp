// The queue of everybody: overflow of local queues, tasks made ready by foreign threads or by the
// poller when no processor is at hand, tasks that come back from a blocking region.
//
// Any thread. One spin lock; not on any hot path. Linked through task::next.
#pragma once

#include <cstdint>

#include "runtime/base/atomic.hpp"
#include "runtime/base/spin_lock.hpp"
#include "runtime/task/task.hpp"

namespace weft::sched {

class global_queue {
 public:
  void push(rt::task& task) noexcept {
    task.next = nullptr;
    push_chain(task, task, 1);
  }

  // A list linked through next, its last element's next is null.
  void push_chain(rt::task& first, rt::task& last, std::uint32_t count) noexcept {
    rt::spin_guard guard(lock_);
    (tail_ != nullptr ? tail_->next : head_) = &first;
    tail_ = &last;
    size_.store(size_.load(std::memory_order_relaxed) + count, std::memory_order_relaxed);
  }

  // Up to `most`, oldest first, linked through next; null if empty.
  rt::task* pop(std::uint32_t most) noexcept {
    if (empty()) return nullptr;
    rt::spin_guard guard(lock_);
    rt::task* first = head_;
    rt::task* last = nullptr;
    std::uint32_t taken = 0;
    while (head_ != nullptr && taken < most) {
      last = head_;
      head_ = head_->next;
      ++taken;
    }
    if (last != nullptr) last->next = nullptr;
    if (head_ == nullptr) tail_ = nullptr;
    size_.store(size_.load(std::memory_order_relaxed) - taken, std::memory_order_relaxed);
    return first;
  }

  // Without the lock: exact for who has ordered itself after the pusher by the idle protocol.
  std::uint32_t size() const noexcept { return size_.load(std::memory_order_relaxed); }
  bool empty() const noexcept { return size() == 0; }

 private:
  rt::spin_lock lock_;
  rt::task* head_ = nullptr;  // under lock_
  rt::task* tail_ = nullptr;  // under lock_
  rt::atomic<std::uint32_t> size_{0};  // written under lock_
};

}  // namespace weft::sched
