#include "runtime/sync/mutex.hpp"

#include <weft/mutex.hpp>

#include "runtime/base/check.hpp"
#include "runtime/sync/mutex_access.hpp"

namespace weft::rt {

bool mutex_core::try_acquire(owner_token me) noexcept {
  std::uint64_t seen = 0;
  // Pairs with the release in release(): what the owner before us did is visible.
  if (!word_.compare_exchange_strong(seen, me,
                                     WEFT_ORDER("mutex.acquire_fast", std::memory_order_acquire),
                                     std::memory_order_relaxed)) {
    // Free, but with waiters: taken as well.
    do {
      if ((seen & owner_mask) != 0) return false;
    } while (!word_.compare_exchange_weak(
        seen, seen | me, WEFT_ORDER("mutex.acquire_barge", std::memory_order_acquire),
        std::memory_order_relaxed));
  }
  return true;
}

// Takes the lock if it is free, else makes sure that the owner's unlock will look at the queue. The
// candidate ends being one either way.
bool mutex_core::acquire_or_announce_locked(owner_token me, bool is_candidate) noexcept {
  std::uint64_t seen = word_.load(std::memory_order_relaxed);
  std::uint64_t wanted;
  bool is_free;
  do {
    is_free = (seen & owner_mask) == 0;
    wanted = is_free ? seen | me : seen | waiting;
    if (is_candidate) wanted &= ~candidate;
  } while (!word_.compare_exchange_weak(seen, wanted,
                                        WEFT_ORDER("mutex.announce", std::memory_order_acquire),
                                        std::memory_order_relaxed));
  return is_free;
}

wait_result mutex_core::acquire_slow(owner_token me, const void* pc, wait_limits limits,
                                     interruptible may_interrupt) noexcept {
  const std::int64_t since_ns = now_ns();
  bool is_candidate = false;
  for (;;) {
    lock_.lock();
    if (acquire_or_announce_locked(me, is_candidate)) {
      lock_.unlock();
      break;
    }
    wait_node node;
    node.amount = static_cast<std::uint64_t>(since_ns);
    node.cell = reinterpret_cast<void*>(me);
    const wait_result result =
        wait_one_until(lock_, is_candidate ? returned_ : queue_, node,
                       {wait_reason::mutex_lock, this, pc}, limits, may_interrupt);
    if (result != wait_result::ok) {
      leave();
      return result;
    }
    // Handed over: the word names us already. What the owner before us did is visible because the
    // wait has ended.
    if ((word_.load(std::memory_order_relaxed) & owner_mask) == me) break;
    is_candidate = true;
  }
  return wait_result::ok;
}

// A waiter has gone without the lock; its node is out of the queue.
void mutex_core::leave() noexcept {
  spin_guard guard(lock_);
  thaw_locked();
}

void mutex_core::acquire_uninterrupted(const void* pc) noexcept {
  const owner_token me = caller_token();
  if (!try_acquire(me)) (void)acquire_slow(me, pc, never_ns, interruptible::no);
}

void mutex_core::release() noexcept {
  const owner_token me = caller_token();
  std::uint64_t seen = me;
  // Pairs with the acquires above. The last touch of the mutex if it succeeds.
  if (!word_.compare_exchange_strong(seen, 0,
                                     WEFT_ORDER("mutex.release_fast", std::memory_order_release),
                                     std::memory_order_relaxed)) {
    if ((seen & owner_mask) != me) fatal_not_owner("unlock of a mutex", seen);
    release_slow();
  }
}

void mutex_core::release_slow() noexcept {
  for (;;) {
    std::uint64_t seen = word_.load(std::memory_order_relaxed);
    while ((seen & waiting) == 0 || (seen & candidate) != 0) {
      // Nobody to wake, or somebody is awake already. The candidate looks at the word after we did.
      if (word_.compare_exchange_weak(seen, seen & (waiting | candidate),
                                      WEFT_ORDER("mutex.release_quiet", std::memory_order_release),
                                      std::memory_order_relaxed))
        return;
    }
    lock_.lock();
    won_waiter won = take_waiter(returned_);
    if (!won) won = take_waiter(queue_);
    if (!won) {
      // Whoever waited has given up. Still ours, so nobody may destroy it: unlock, then try again.
      word_.fetch_and(~waiting, std::memory_order_relaxed);
      lock_.unlock();
      continue;
    }
    const std::uint64_t rest = has_waiters_locked() ? waiting : 0;
    wait_node& node = *won.node;
    const bool hand_over = now_ns() - static_cast<std::int64_t>(node.amount) >= patience_ns;
    node.result = wait_result::ok;
    const wake_up wake(won);
    // Pairs with the acquires above.
    word_.store(hand_over ? reinterpret_cast<owner_token>(node.cell) | rest : candidate | rest,
                WEFT_ORDER("mutex.release_waking", std::memory_order_release));
    // The waiter that was won is inside lock() until lock_ is free, so the mutex still exists.
    lock_.unlock();
    wake();
    return;
  }
}

mutex_info mutex_core::describe() noexcept {
  spin_guard guard(lock_);
  const owner_info owner = owner_of(word_.load(std::memory_order_relaxed));
  mutex_info info;
  info.owner_task = owner.task_id;
  info.owner_is_foreign = owner.is_foreign;
  info.waiters = count(returned_) + count(queue_);
  return info;
}

void mutex_core::check_unused() noexcept {
  WEFT_DEBUG_FATAL_IF(has_waiters_locked(), "a mutex is destroyed while somebody waits for it");
  // A lock abandoned by a task that has ended may be destroyed.
  WEFT_DEBUG_FATAL_IF((word_.load(std::memory_order_relaxed) & owner_mask) == caller_token(),
                      "a mutex is destroyed by the task that holds it");
}

namespace {

mutex_core& mutex_of(void* object) noexcept {
  return core_of<mutex_core>(*static_cast<weft::detail::mutex_storage*>(object));
}
mutex_core& mutex_of(const select_case& c) noexcept { return mutex_of(c.object); }

}  // namespace

mutex_info describe_mutex(const void* mutex) noexcept {
  return static_cast<mutex_core*>(const_cast<void*>(mutex))->describe();
}

}  // namespace weft::rt

namespace weft::detail {

using rt::core_of;
using rt::mutex_core;

// The owner of a free lock may come and go at any time.
const rt::select_ops mutex_ops = {
    rt::wait_reason::mutex_lock,
    [](void* object) noexcept -> rt::spin_lock& { return rt::mutex_of(object).lock(); },
    [](const select_case& c) noexcept { return rt::mutex_of(c).looks_free(); },
    [](select_case& c, rt::wake_up&) noexcept {
      return rt::mutex_of(c).poll_locked() ? rt::select_poll::done : rt::select_poll::not_ready;
    },
    [](select_case& c, rt::wait_node& node) noexcept { rt::mutex_of(c).enqueue_locked(node); },
    [](select_case& c, rt::wait_node& node) noexcept { rt::mutex_of(c).dequeue_locked(node); },
    nullptr,
    [](select_case& c) noexcept { rt::mutex_of(c).thaw_locked(); }};

void mutex_lock(mutex_storage& self) {
  mutex_core& core = core_of<mutex_core>(self);
  const rt::owner_token me = rt::enter_blocking_call();
  if (core.try_acquire(me)) [[likely]]
    return;
  rt::throw_if_interrupted(
      core.acquire_slow(me, __builtin_return_address(0), rt::never_ns, rt::interruptible::yes));
}

bool mutex_try_lock(mutex_storage& self) noexcept {
  return core_of<mutex_core>(self).try_acquire(rt::caller_token());
}

bool mutex_try_lock_until(mutex_storage& self, std::int64_t deadline_ns, rt::end_signal* under) {
  mutex_core& core = core_of<mutex_core>(self);
  const rt::owner_token me = rt::enter_blocking_call(under);
  if (core.try_acquire(me)) return true;
  if (rt::is_past(deadline_ns)) return false;
  const rt::wait_result result =
      core.acquire_slow(me, __builtin_return_address(0), {deadline_ns, under}, rt::interruptible::yes);
  rt::throw_if_interrupted(result, under);
  return result == rt::wait_result::ok;
}

void mutex_unlock(mutex_storage& self) noexcept {
  core_of<mutex_core>(self).release();
}

void mutex_destroyed_in_use(mutex_storage& self) noexcept {
  core_of<mutex_core>(self).check_unused();
}

}  // namespace weft::detail
