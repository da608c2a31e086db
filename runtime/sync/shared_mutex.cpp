// The core of weft::shared_mutex. Any task or thread may call everything.
//
// The word:
//   0                       free
//   owner token             held by that writer (sync.hpp says what a token is)
//   shared | readers << 3   held by so many readers, at least one
//   + waiting               somebody is in the queue; set and cleared under lock_, with the queue
//
// Fast paths are one compare-exchange each, and none of them gets in while `waiting` is set. So the
// lock is handed from who leaves to who waited longest: the word never says free while somebody
// waits.
//
// While `waiting` is set, the word changes under lock_ only, but for two things: a reader that is
// not the last one takes itself off, and the owner may look. The last reader and the writer then
// leave under lock_ and hand over.
#include <weft/shared_mutex.hpp>

#include "runtime/base/atomic.hpp"
#include "runtime/base/check.hpp"
#include "runtime/base/spin_lock.hpp"
#include "runtime/sync/describe.hpp"
#include "runtime/sync/sync.hpp"
#include "runtime/task/select_case.hpp"

namespace weft::rt {
namespace {

enum class access : std::uint64_t { exclusive, shared };

class shared_mutex_core {
 public:
  bool try_acquire(access how, owner_token me) noexcept;
  wait_result acquire_slow(access how, owner_token me, const void* pc, wait_limits limits) noexcept;
  void release_exclusive() noexcept;
  void release_shared() noexcept;

  // --- for a select that wants to write; see select_ops ---
  spin_lock& lock() noexcept { return lock_; }
  bool looks_free() const noexcept { return word_.load(std::memory_order_relaxed) == 0; }
  // A failure has set `waiting`: then the word becomes free under lock_ only.
  bool poll_locked() noexcept;
  void thaw_locked() noexcept {
    if (queue_.empty()) word_.fetch_and(~waiting, std::memory_order_relaxed);
  }
  void enqueue_locked(wait_node& node) noexcept {
    node.amount = static_cast<std::uint64_t>(access::exclusive);
    node.cell = reinterpret_cast<void*>(caller_token());
    queue_.push_back(node);
  }
  void dequeue_locked(wait_node& node) noexcept {
    if (node.is_linked()) queue_.unlink(node);
  }
  void leave() noexcept;

  mutex_info describe() noexcept;
  [[gnu::cold]] void check_unused() noexcept;

 private:
  static constexpr std::uint64_t waiting = 1;
  static constexpr std::uint64_t shared = 2;
  static constexpr std::uint64_t one_reader = 8;

  // What the word becomes if `me` gets in, or 0 if it does not.
  static std::uint64_t with(std::uint64_t word, access how, owner_token me) noexcept {
    if (how == access::exclusive) return word == 0 ? me : 0;
    if (word == 0) return shared | one_reader;
    return (word & shared) != 0 && (word & waiting) == 0 ? word + one_reader : 0;
  }
  static access mode_of(const wait_node& node) noexcept { return static_cast<access>(node.amount); }

  bool hand_over(std::uint64_t held) noexcept;
  std::uint64_t take_readers_locked(wake_list& wake) noexcept;

  atomic<std::uint64_t> word_{0};
  spin_lock lock_;
  wait_queue queue_;  // under lock_; a node's amount is its access, its cell the waiter's token
};

bool shared_mutex_core::try_acquire(access how, owner_token me) noexcept {
  std::uint64_t seen = how == access::exclusive ? 0 : word_.load(std::memory_order_relaxed);
  while (const std::uint64_t wanted = with(seen, how, me)) {
    // Pairs with the releases: what the holders before us did is visible.
    if (word_.compare_exchange_weak(seen, wanted,
                                    WEFT_ORDER("shared_mutex.acquire", std::memory_order_acquire),
                                    std::memory_order_relaxed)) {
      return true;
    }
  }
  return false;
}

wait_result shared_mutex_core::acquire_slow(access how, owner_token me, const void* pc,
                                            wait_limits limits) noexcept {
  lock_.lock();
  std::uint64_t seen = word_.load(std::memory_order_relaxed);
  while ((seen & waiting) == 0) {
    if (with(seen, how, me) != 0) {
      lock_.unlock();
      if (try_acquire(how, me)) return wait_result::ok;
      lock_.lock();
      seen = word_.load(std::memory_order_relaxed);
    } else if (word_.compare_exchange_weak(seen, seen | waiting, std::memory_order_relaxed)) {
      break;
    }
  }
  wait_node node;
  node.amount = static_cast<std::uint64_t>(how);
  node.cell = reinterpret_cast<void*>(me);
  const auto reason = how == access::exclusive ? wait_reason::shared_mutex_lock
                                               : wait_reason::shared_mutex_lock_shared;
  const wait_result result = wait_one_until(lock_, queue_, node, {reason, this, pc}, limits);
  if (result == wait_result::ok) {
    // Handed over, or let in by a waiter that gave up and knows nothing of the writer before: pairs
    // with that writer's release, which the read-modify-writes since then have carried on.
    (void)word_.load(WEFT_ORDER("shared_mutex.received", std::memory_order_acquire));
  } else {
    leave();
  }
  return result;
}

bool shared_mutex_core::poll_locked() noexcept {
  std::uint64_t seen = word_.load(std::memory_order_relaxed);
  for (;;) {
    // Only `waiting`: another case of the same select has just asked in vain.
    const bool is_free = (seen & ~waiting) == 0 && queue_.empty();
    const std::uint64_t wanted = is_free ? caller_token() | seen : seen | waiting;
    // Pairs with the releases, as in try_acquire().
    if (word_.compare_exchange_weak(
            seen, wanted, WEFT_ORDER("shared_mutex.select", std::memory_order_acquire),
            std::memory_order_relaxed))
      return is_free;
  }
}

// Takes the readers at the head of the queue out of it.
std::uint64_t shared_mutex_core::take_readers_locked(wake_list& wake) noexcept {
  std::uint64_t readers = 0;
  while (!queue_.empty() && mode_of(*queue_.head) == access::shared) {
    if (const won_waiter won = take_head(queue_)) {
      won.node->result = wait_result::ok;
      wake.add(won);
      ++readers;
    }
  }
  return readers;
}

// Gives the caller's hold to who waits longest. `held` is the word if nobody else holds or waits.
// False if the caller must look again: others hold it too (readers have joined), or those who
// waited have gone.
bool shared_mutex_core::hand_over(std::uint64_t held) noexcept {
  wake_list wake;
  {
    spin_guard guard(lock_);
    // Acquire: what earlier readers did comes before what the next holder does.
    const std::uint64_t seen =
        word_.load(WEFT_ORDER("shared_mutex.last_reader", std::memory_order_acquire));
    if (seen != (held | waiting)) return false;
    std::uint64_t next = 0;
    while (next == 0 && !queue_.empty()) {
      if (mode_of(*queue_.head) == access::shared) {
        const std::uint64_t readers = take_readers_locked(wake);
        if (readers != 0) next = shared | readers * one_reader;
      } else if (const won_waiter won = take_head(queue_)) {
        next = reinterpret_cast<owner_token>(won.node->cell);
        won.node->result = wait_result::ok;
        wake.add(won);
      }
    }
    if (next == 0) {
      word_.fetch_and(~waiting, std::memory_order_relaxed);
      return false;
    }
    // Pairs with the acquires.
    word_.store(next | (queue_.empty() ? 0 : waiting),
                WEFT_ORDER("shared_mutex.hand_over", std::memory_order_release));
  }
  wake();
  return true;
}

void shared_mutex_core::release_exclusive() noexcept {
  const owner_token me = caller_token();
  std::uint64_t seen = me;
  // Pairs with the acquires. The last touch of the shared_mutex if it succeeds.
  while (!word_.compare_exchange_weak(seen, 0,
                                      WEFT_ORDER("shared_mutex.release", std::memory_order_release),
                                      std::memory_order_relaxed)) {
    if ((seen & shared) != 0) fatal("unlock of a shared_mutex that readers hold");
    if ((seen & owner_mask) != me) fatal_not_owner("unlock of a shared_mutex", seen);
    if ((seen & waiting) != 0 && hand_over(me)) break;
    seen = me;
  }
}

void shared_mutex_core::release_shared() noexcept {
  std::uint64_t seen = word_.load(std::memory_order_relaxed);
  for (;;) {
    if ((seen & shared) == 0) fatal("unlock_shared of a shared_mutex that no reader holds");
    const bool is_last = seen / one_reader == 1;
    if (is_last && (seen & waiting) != 0) {
      if (hand_over(shared | one_reader)) break;
      seen = word_.load(std::memory_order_relaxed);
    } else if (word_.compare_exchange_weak(
                   seen, is_last ? 0 : seen - one_reader,
                   WEFT_ORDER("shared_mutex.release_shared", std::memory_order_release),
                   std::memory_order_relaxed)) {
      // Paired with the acquires, and for readers before the last one with the last one's.
      break;
    }
  }
}

// A waiter has gone without the lock. If it was a writer in front of readers, and readers hold the
// lock, those may join now.
void shared_mutex_core::leave() noexcept {
  wake_list wake;
  {
    spin_guard guard(lock_);
    std::uint64_t seen = word_.load(std::memory_order_relaxed);
    if ((seen & waiting) == 0) return;
    if ((seen & shared) != 0) {
      const std::uint64_t readers = take_readers_locked(wake);
      // At least one reader stays until we unlock: the last one leaves under the lock.
      if (readers != 0)
        word_.fetch_add(readers * one_reader, std::memory_order_relaxed);
    }
    if (queue_.empty()) word_.fetch_and(~waiting, std::memory_order_relaxed);
  }
  wake();
}

mutex_info shared_mutex_core::describe() noexcept {
  spin_guard guard(lock_);
  const std::uint64_t word = word_.load(std::memory_order_relaxed);
  mutex_info info;
  info.waiters = count(queue_);
  if ((word & shared) != 0) {
    info.shared_owners = static_cast<std::uint32_t>(word / one_reader);
  } else {
    const owner_info owner = owner_of(word);
    info.owner_task = owner.task_id;
    info.owner_is_foreign = owner.is_foreign;
  }
  return info;
}

void shared_mutex_core::check_unused() noexcept {
  WEFT_DEBUG_FATAL_IF(!queue_.empty(), "a shared_mutex is destroyed while somebody waits for it");
  const std::uint64_t word = word_.load(std::memory_order_relaxed);
  WEFT_DEBUG_FATAL_IF((word & shared) == 0 && (word & owner_mask) == caller_token(),
                      "a shared_mutex is destroyed by the task that holds it");
}

}  // namespace

namespace {

shared_mutex_core& shared_mutex_of(void* object) noexcept {
  return core_of<shared_mutex_core>(*static_cast<weft::detail::shared_mutex_storage*>(object));
}
shared_mutex_core& shared_mutex_of(const select_case& c) noexcept {
  return shared_mutex_of(c.object);
}

}  // namespace

mutex_info describe_shared_mutex(const void* shared_mutex) noexcept {
  return static_cast<shared_mutex_core*>(const_cast<void*>(shared_mutex))->describe();
}

}  // namespace weft::rt

namespace weft::detail {

const rt::select_ops shared_mutex_ops = {
    rt::wait_reason::shared_mutex_lock,
    [](void* object) noexcept -> rt::spin_lock& { return rt::shared_mutex_of(object).lock(); },
    [](const select_case& c) noexcept { return rt::shared_mutex_of(c).looks_free(); },
    [](select_case& c, rt::wake_up&) noexcept {
      return rt::shared_mutex_of(c).poll_locked() ? rt::select_poll::done
                                                  : rt::select_poll::not_ready;
    },
    [](select_case& c, rt::wait_node& node) noexcept {
      rt::shared_mutex_of(c).enqueue_locked(node);
    },
    [](select_case& c, rt::wait_node& node) noexcept {
      rt::shared_mutex_of(c).dequeue_locked(node);
    },
    [](select_case& c) noexcept { rt::shared_mutex_of(c).leave(); },
    [](select_case& c) noexcept { rt::shared_mutex_of(c).thaw_locked(); }};

namespace {

using rt::access;
using rt::core_of;
using rt::shared_mutex_core;

[[gnu::always_inline]] inline void lock(shared_mutex_storage& self, access how, const void* pc) {
  shared_mutex_core& core = core_of<shared_mutex_core>(self);
  const rt::owner_token me = rt::enter_blocking_call();
  if (core.try_acquire(how, me)) return;
  rt::throw_if_interrupted(core.acquire_slow(how, me, pc, rt::never_ns));
}

[[gnu::always_inline]] inline bool try_lock_until(shared_mutex_storage& self, access how,
                                                  const void* pc, rt::wait_limits limits) {
  shared_mutex_core& core = core_of<shared_mutex_core>(self);
  const rt::owner_token me = rt::enter_blocking_call(limits.under);
  if (core.try_acquire(how, me)) return true;
  if (rt::is_past(limits.deadline_ns)) return false;
  const rt::wait_result result = core.acquire_slow(how, me, pc, limits);
  rt::throw_if_interrupted(result, limits.under);
  return result == rt::wait_result::ok;
}

}  // namespace

void shared_mutex_lock(shared_mutex_storage& self) {
  lock(self, access::exclusive, __builtin_return_address(0));
}

bool shared_mutex_try_lock(shared_mutex_storage& self) noexcept {
  return core_of<shared_mutex_core>(self).try_acquire(access::exclusive, rt::caller_token());
}

bool shared_mutex_try_lock_until(shared_mutex_storage& self, std::int64_t deadline_ns,
                                 rt::end_signal* under) {
  return try_lock_until(self, access::exclusive, __builtin_return_address(0), {deadline_ns, under});
}

void shared_mutex_unlock(shared_mutex_storage& self) noexcept {
  core_of<shared_mutex_core>(self).release_exclusive();
}

void shared_mutex_lock_shared(shared_mutex_storage& self) {
  lock(self, access::shared, __builtin_return_address(0));
}

bool shared_mutex_try_lock_shared(shared_mutex_storage& self) noexcept {
  return core_of<shared_mutex_core>(self).try_acquire(access::shared, rt::caller_token());
}

bool shared_mutex_try_lock_shared_until(shared_mutex_storage& self, std::int64_t deadline_ns,
                                        rt::end_signal* under) {
  return try_lock_until(self, access::shared, __builtin_return_address(0), {deadline_ns, under});
}

void shared_mutex_unlock_shared(shared_mutex_storage& self) noexcept {
  core_of<shared_mutex_core>(self).release_shared();
}

void shared_mutex_destroyed_in_use(shared_mutex_storage& self) noexcept {
  core_of<shared_mutex_core>(self).check_unused();
}

}  // namespace weft::detail
