// The queue of everybody: overflow of local queues, tasks made ready by foreign threads or by the
// poller when no processor is at hand, tasks that come back from a blocking region.
//
// Any thread. One spin lock; not on any hot path, but 10,000 tasks spawned in a row all pass through
// it, so what it does a task matters. It is a chain of batches of pointers: taking a hundred tasks
// out reads a few lines of a batch. (Linking the tasks themselves costs a cache miss a task, for the
// link lies on a stack that nobody has touched for a while: twice the time of a wave of 10,000.)
//
// If there is no memory for a batch the tasks are linked through task::next after all, behind the
// batches; nothing is lost.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>

#include "runtime/base/atomic.hpp"
#include "runtime/base/spin_lock.hpp"
#include "runtime/task/task.hpp"

namespace weft::sched {

class global_queue {
 public:
  static constexpr std::uint32_t batch_size = 126;  // a batch is 1 KiB

  // Where batches come from; a test refuses some.
  using memory_source = void* (*)(std::size_t bytes) noexcept;
  explicit global_queue(memory_source memory = &from_heap) noexcept : memory_(memory) {}
  global_queue(const global_queue&) = delete;
  global_queue& operator=(const global_queue&) = delete;
  ~global_queue() {
    while (head_ != nullptr) give_back(take_head_locked());
    while (spare_ != nullptr) give_back(take_spare_locked());
  }

  void push(rt::task& task) noexcept {
    rt::task* one = &task;
    push_all(&one, 1);
  }

  // In this order.
  void push_all(rt::task* const* tasks, std::uint32_t count) noexcept {
    lock_.lock();
    size_.store(size_.load(std::memory_order_relaxed) + count, std::memory_order_relaxed);
    for (;;) {
      // Behind linked ones only linked ones, or they would be overtaken.
      if (linked_head_ == nullptr) {
        const std::uint32_t done = fill_tail_locked(tasks, count);
        tasks += done;
        count -= done;
      }
      if (count == 0) break;
      if (linked_head_ == nullptr && spare_ != nullptr) {
        append_locked(*take_spare_locked());
        continue;
      }
      lock_.unlock();  // an allocator may take its time
      batch* fresh = make_batch();
      lock_.lock();
      if (fresh == nullptr || linked_head_ != nullptr) {
        link_locked(tasks, count);
        if (fresh != nullptr) keep_locked(*fresh);
        break;
      }
      append_locked(*fresh);
    }
    lock_.unlock();
  }

  // Takes up to `most`, oldest first, into `out`; how many.
  std::uint32_t pop(rt::task** out, std::uint32_t most) noexcept {
    if (empty()) return 0;
    batch* drop = nullptr;
    lock_.lock();
    std::uint32_t taken = 0;
    while (head_ != nullptr && taken < most) {
      batch& b = *head_;
      while (b.first != b.end && taken < most) out[taken++] = b.tasks[b.first++];
      if (b.first != b.end) break;
      batch* empty_one = take_head_locked();
      if (spare_count_ < most_spare) {
        keep_locked(*empty_one);
      } else {
        empty_one->next = drop;
        drop = empty_one;
      }
    }
    while (head_ == nullptr && linked_head_ != nullptr && taken < most) {
      out[taken++] = linked_head_;
      linked_head_ = linked_head_->next;
    }
    size_.store(size_.load(std::memory_order_relaxed) - taken, std::memory_order_relaxed);
    lock_.unlock();
    while (drop != nullptr) {
      batch* gone = drop;
      drop = drop->next;
      give_back(gone);
    }
    return taken;
  }

  // In a fork()ed child: a thread that exists no more may have been inside, so what it was at is left
  // as it lies.
  void forget() noexcept {
    ::new (static_cast<void*>(&lock_)) rt::spin_lock;
    head_ = tail_ = spare_ = nullptr;
    spare_count_ = 0;
    linked_head_ = linked_tail_ = nullptr;
    size_.store(0, std::memory_order_relaxed);
  }

  // Without the lock: exact for who has ordered itself after the pusher by the idle protocol.
  std::uint32_t size() const noexcept { return size_.load(std::memory_order_relaxed); }
  bool empty() const noexcept { return size() == 0; }

 private:
  static constexpr std::uint32_t most_spare = 64;  // kept for the next burst

  struct batch {
    batch* next = nullptr;
    std::uint32_t first = 0;  // tasks[first, end) are queued
    std::uint32_t end = 0;
    rt::task* tasks[batch_size];
  };

  static void* from_heap(std::size_t bytes) noexcept { return ::operator new(bytes, std::nothrow); }
  batch* make_batch() noexcept {
    void* at = memory_(sizeof(batch));
    return at != nullptr ? ::new (at) batch : nullptr;
  }
  static void give_back(batch* gone) noexcept { ::operator delete(gone); }

  std::uint32_t fill_tail_locked(rt::task* const* tasks, std::uint32_t count) noexcept {
    if (tail_ == nullptr) return 0;
    std::uint32_t done = 0;
    while (done < count && tail_->end != batch_size) tail_->tasks[tail_->end++] = tasks[done++];
    return done;
  }
  void append_locked(batch& b) noexcept {
    b.next = nullptr;
    b.first = b.end = 0;
    (tail_ != nullptr ? tail_->next : head_) = &b;
    tail_ = &b;
  }
  batch* take_head_locked() noexcept {
    batch* b = head_;
    head_ = b->next;
    if (head_ == nullptr) tail_ = nullptr;
    return b;
  }
  void keep_locked(batch& b) noexcept {
    b.next = spare_;
    spare_ = &b;
    ++spare_count_;
  }
  batch* take_spare_locked() noexcept {
    batch* b = spare_;
    spare_ = b->next;
    --spare_count_;
    return b;
  }
  void link_locked(rt::task* const* tasks, std::uint32_t count) noexcept {
    for (std::uint32_t i = 0; i < count; ++i) {
      tasks[i]->next = nullptr;
      (linked_head_ != nullptr ? linked_tail_->next : linked_head_) = tasks[i];
      linked_tail_ = tasks[i];
    }
  }

  const memory_source memory_;
  rt::spin_lock lock_;

  // Under lock_.
  batch* head_ = nullptr;
  batch* tail_ = nullptr;
  batch* spare_ = nullptr;
  std::uint32_t spare_count_ = 0;
  rt::task* linked_head_ = nullptr;  // younger than all in batches
  rt::task* linked_tail_ = nullptr;

  rt::atomic<std::uint32_t> size_{0};  // written under lock_
};

}  // namespace weft::sched
