// The head of a processor's run queue: two tasks that its owner takes and puts without a locked
// instruction. The local queue behind it is what thieves take from.
//
//   next    made ready last: it runs next, while its data is warm
//   first   the oldest runnable task while the local queue is empty
//
// So two or three tasks that wake each other, or yield to each other, never touch what is shared.
// They are no surplus: their worker will be free for them in a moment. If it is not, because it runs
// a long task, a robber takes them: a searching worker, called by the monitor if nobody searches.
//
// The front belongs to its owner, who announces in `busy_` that it is inside, and asks whether a
// robber is. That is Dekker's race; its fence is on the robber's side (asymmetric_fence.hpp), who
// comes rarely, and only after the owner has dispatched nothing for a while:
//
//   owner    busy = 1; light fence; robber?          robber    robber = 1; heavy fence; busy?
//
// One of them sees the other. A robber that sees the owner inside gives up: the owner is alive. An
// owner that sees a robber steps out until it has left.
//
// Rejected: exchange on each take and put (6 ns each, half of a yield); a lock (the same); making all
// of the local queue private in this way (thieves would interrupt every busy processor to steal).
#pragma once

#include <cstdint>

#include "runtime/base/asymmetric_fence.hpp"
#include "runtime/base/atomic.hpp"
#if !defined(WEFT_MODEL)
#include <sched.h>
#endif

namespace weft::sched {

template <class T>
class front_slots {
 public:
  // --- the owner ---

  T* take_next() noexcept { return take(next_); }
  T* take_first() noexcept { return take(first_); }

  // What it displaces is returned.
  T* put_next(T* item) noexcept {
    const inside guard(*this);
    T* const displaced = next_.load(std::memory_order_relaxed);
    next_.store(item, std::memory_order_relaxed);
    return displaced;
  }

  // False if the place is taken. Only while the queue behind is empty.
  bool put_first(T* item) noexcept {
    const inside guard(*this);
    if (first_.load(std::memory_order_relaxed) != nullptr) return false;
    first_.store(item, std::memory_order_relaxed);
    return true;
  }

  // --- a robber: any other thread ---

  // The oldest of the two; null if there is none, or if the owner or another robber is inside.
  T* rob() noexcept {
    if (empty()) return nullptr;
    // The fence that follows also orders us after the last robber's release.
    if (robber_.exchange(1, std::memory_order_relaxed) != 0) return nullptr;
    rt::asymmetric_heavy("front.rob");
    T* taken = nullptr;
    // acquire pairs with the owner's release: it has left, and what it wrote is seen.
    if (busy_.load(WEFT_ORDER("front.robber_sees_owner", std::memory_order_acquire)) == 0) {
      rt::atomic<T*>& place = first_.load(std::memory_order_relaxed) != nullptr ? first_ : next_;
      taken = place.load(std::memory_order_relaxed);
      place.store(nullptr, std::memory_order_relaxed);
    }
    // release pairs with the owner's acquire in enter().
    robber_.store(0, WEFT_ORDER("front.robber_leaves", std::memory_order_release));
    return taken;
  }

  // --- anybody, a hint ---

  bool empty() const noexcept {
    return next_.load(std::memory_order_relaxed) == nullptr &&
           first_.load(std::memory_order_relaxed) == nullptr;
  }

 private:
  struct inside {
    front_slots& f;
    explicit inside(front_slots& of) noexcept : f(of) { f.enter(); }
    ~inside() {
      // release pairs with rob(): who sees it sees what was done inside.
      f.busy_.store(0, WEFT_ORDER("front.owner_leaves", std::memory_order_release));
    }
    inside(const inside&) = delete;
    inside& operator=(const inside&) = delete;
  };

  void enter() noexcept {
    busy_.store(1, std::memory_order_relaxed);
    rt::asymmetric_light("front.enter");
    // acquire pairs with a robber's release: what it took is gone.
    if (robber_.load(WEFT_ORDER("front.owner_sees_robber", std::memory_order_acquire)) != 0)
        [[unlikely]]
      wait_for_robber();
  }

  [[gnu::cold]] void wait_for_robber() noexcept {
    do {
      busy_.store(0, std::memory_order_relaxed);  // nothing was done inside; the robber's fence does the rest
      for (int spins = 0; robber_.load(std::memory_order_relaxed) != 0;) {
        rt::cpu_relax();
#if !defined(WEFT_MODEL)
        if (++spins % 128 == 0) sched_yield();  // it may have been preempted inside
#else
        (void)spins;
#endif
      }
      busy_.store(1, std::memory_order_relaxed);
      rt::asymmetric_light("front.enter_again");
    } while (robber_.load(WEFT_ORDER("front.robber_has_left", std::memory_order_acquire)) != 0);
  }

  // The hint is the owner's own: only robbers make it empty meanwhile.
  T* take(rt::atomic<T*>& place) noexcept {
    if (place.load(std::memory_order_relaxed) == nullptr) return nullptr;
    const inside guard(*this);
    T* const item = place.load(std::memory_order_relaxed);
    place.store(nullptr, std::memory_order_relaxed);
    return item;
  }

  // Written by who is inside.
  rt::atomic<T*> next_{nullptr};
  rt::atomic<T*> first_{nullptr};
  rt::atomic<std::uint32_t> busy_{0};    // the owner is inside; written by the owner
  rt::atomic<std::uint32_t> robber_{0};  // a robber is inside, or wants to be
};

}  // namespace weft::sched
