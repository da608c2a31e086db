// A processor's bounded run queue: one owner pushes and pops, any thief takes half.
//
// A ring between two counters that only grow. The owner alone moves `tail`; `head` is moved by a
// compare-exchange of whoever takes: the owner one element, a thief half of them. A thief copies
// before it moves head: if the exchange succeeds nobody took what it copied, and the owner cannot
// have written over it, because it reuses a slot only after it saw head pass it.
//
// A full queue never makes the owner wait: it takes half out for the global queue (take_half).
//
// Costs: push no locked instruction, pop one, stealing one a batch. Rejected for now: block-based
// stealing (BWoS), which saves the owner's one; a Chase-Lev deque, which is last in first out.
#pragma once



#include <cstddef>
#include <cstdint>

#include "runtime/base/atomic.hpp"

namespace weft::sched {

template <class T, std::uint32_t Capacity>
class local_queue {
  static_assert((Capacity & (Capacity - 1)) == 0, "a power of two");

 public:
  static constexpr std::uint32_t capacity = Capacity;

  // --- owner ---

  // False if full.
  bool push(T* item) noexcept {
    const std::uint32_t tail = tail_.load(std::memory_order_relaxed);
    // acquire pairs with the takers' exchange: they have read the slot that we write now.
    const std::uint32_t head =
        head_.load(WEFT_ORDER("local_queue.push_head", std::memory_order_acquire));
    if (tail - head == Capacity) return false;
    slots_[tail % Capacity].store(item, std::memory_order_relaxed);
    // release pairs with steal(): who sees the new tail sees the slot and the item.
    tail_.store(tail + 1, WEFT_ORDER("local_queue.push_tail", std::memory_order_release));
    return true;
  }

  // Null if empty.
  T* pop() noexcept {
    const std::uint32_t tail = tail_.load(std::memory_order_relaxed);
    std::uint32_t head = head_.load(std::memory_order_relaxed);
    while (head != tail) {
      T* item = slots_[head % Capacity].load(std::memory_order_relaxed);
      if (head_.compare_exchange_weak(head, head + 1, std::memory_order_relaxed,
                                      std::memory_order_relaxed)) {
        // Whoever comes after the next one may not have run for long: its misses are taken now.
        if (tail - head > 2) {
          const T* later = slots_[(head + 2) % Capacity].load(std::memory_order_relaxed);
          __builtin_prefetch(later, 1);
          __builtin_prefetch(reinterpret_cast<const std::byte*>(later) + 64, 1);
        }
        return item;
      }
    }
    return nullptr;
  }

  // Takes up to half, oldest first, into out[Capacity / 2]; the number taken. For overflow.
  std::uint32_t take_half(T** out) noexcept {
    const std::uint32_t tail = tail_.load(std::memory_order_relaxed);
    std::uint32_t head = head_.load(std::memory_order_relaxed);
    for (;;) {
      const std::uint32_t count = (tail - head) / 2;
      for (std::uint32_t i = 0; i < count; ++i)
        out[i] = slots_[(head + i) % Capacity].load(std::memory_order_relaxed);
      if (count == 0 || head_.compare_exchange_weak(head, head + count, std::memory_order_relaxed,
                                                    std::memory_order_relaxed))
        return count;
    }
  }

  // --- any thief ---

  // Takes half (rounded up), oldest first: the first is returned, the rest goes to the end of
  // `into`, the thief's own queue, which must have room for half a queue (it is empty in practice).
  T* steal_into(local_queue& into, std::uint32_t& stolen) noexcept {
    const std::uint32_t into_tail = into.tail_.load(std::memory_order_relaxed);
    // acquire pairs with a taker's exchange as in push().
    const std::uint32_t into_head =
        into.head_.load(WEFT_ORDER("local_queue.steal_into_head", std::memory_order_acquire));
    const std::uint32_t room = Capacity - (into_tail - into_head);
    for (;;) {
      // An old head makes the exchange fail, an old tail the count too large or too small.
      std::uint32_t head = head_.load(std::memory_order_relaxed);
      const std::uint32_t tail =
          tail_.load(WEFT_ORDER("local_queue.steal_tail", std::memory_order_acquire));
      std::uint32_t count = tail - head;
      if (count > Capacity) continue;  // the two are not of one moment
      count -= count / 2;
      if (count > room + 1) count = room + 1;
      if (count == 0) {
        stolen = 0;
        return nullptr;
      }
      T* first = slots_[head % Capacity].load(std::memory_order_relaxed);
      for (std::uint32_t i = 1; i < count; ++i) {
        T* item = slots_[(head + i) % Capacity].load(std::memory_order_relaxed);
        into.slots_[(into_tail + i - 1) % Capacity].store(item, std::memory_order_relaxed);
      }
      // release pairs with push(): the owner may reuse the slots, we have read them.
      if (!head_.compare_exchange_strong(
              head, head + count, WEFT_ORDER("local_queue.steal_take", std::memory_order_release),
              std::memory_order_relaxed))
        continue;
      if (count > 1)
        into.tail_.store(into_tail + count - 1,
                         WEFT_ORDER("local_queue.steal_tail_store", std::memory_order_release));
      stolen = count;
      return first;
    }
  }

  // How many were ever taken: whether it is still the same one that lies in front. A hint.
  std::uint32_t taken() const noexcept { return head_.load(std::memory_order_relaxed); }

  // --- anybody, a hint unless the caller has ordered itself after the pusher ---

  std::uint32_t size() const noexcept {
    const std::uint32_t head = head_.load(std::memory_order_acquire);
    const std::uint32_t count = tail_.load(std::memory_order_acquire) - head;
    return count > Capacity ? Capacity : count;
  }
  bool empty() const noexcept { return size() == 0; }

 private:
  // Moved by whoever takes. Its line is written by thieves, so the owner's tail has another one.
  alignas(64) rt::atomic<std::uint32_t> head_{0};
  // Written by the owner only.
  alignas(64) rt::atomic<std::uint32_t> tail_{0};
  rt::atomic<T*> slots_[Capacity] = {};
};

}  // namespace weft::sched
