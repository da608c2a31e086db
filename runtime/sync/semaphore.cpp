// The core of weft::semaphore. Any task or thread may call everything.
//
// The word is units * 2, plus one while somebody waits. Fast paths: one compare-exchange, only
// while nobody waits. While the lowest bit is set, the word changes under lock_ only, and units go
// to the head of the queue as soon as they suffice for it; so a large request is not overtaken.
//
// Named race, waiter against release: a waiter sets the bit under lock_ with a compare-exchange
// that fails if units came in between; from then on release takes lock_ and finds it in the queue.
#include <weft/semaphore.hpp>

#include "runtime/base/atomic.hpp"
#include "runtime/base/check.hpp"
#include "runtime/base/spin_lock.hpp"
#include "runtime/sync/sync.hpp"
#include "runtime/task/select_case.hpp"

namespace weft::rt {
namespace {

class semaphore_core {
 public:
  bool try_acquire(std::int64_t units) noexcept;
  wait_result acquire_slow(std::int64_t units, const void* pc, wait_limits limits) noexcept;
  void release(std::int64_t units) noexcept;

  // --- for select; see select_ops ---
  spin_lock& lock() noexcept { return lock_; }
  bool looks_enough(std::int64_t units) const noexcept {
    const std::int64_t seen = word_.load(std::memory_order_relaxed);
    return units == 0 || ((seen & waiting) == 0 && seen / 2 >= units);
  }
  // A failure has set the waiting bit: from then on the word changes under lock_ only.
  bool poll_locked(std::int64_t units) noexcept;
  void thaw_locked() noexcept;
  void enqueue_locked(wait_node& node) noexcept { queue_.push_back(node); }
  void dequeue_locked(wait_node& node) noexcept {
    if (node.is_linked()) queue_.unlink(node);
  }
  // Somebody has left the queue with nothing: what it waited in front of may go on now.
  void give_up() noexcept;

 private:
  static constexpr std::int64_t waiting = 1;
  static constexpr std::int64_t max_units = INT64_MAX / 4;

  void grant_locked(std::int64_t units, wake_list& wake) noexcept;

  atomic<std::int64_t> word_;
  spin_lock lock_;
  wait_queue queue_;  // under lock_; a node's amount is the units wanted
};

bool semaphore_core::try_acquire(std::int64_t units) noexcept {
  std::int64_t seen = word_.load(std::memory_order_relaxed);
  while ((seen & waiting) == 0 && seen / 2 >= units) {
    // Pairs with the releases: what was done before the units were given back is visible.
    if (word_.compare_exchange_weak(seen, seen - units * 2,
                                    WEFT_ORDER("semaphore.acquire", std::memory_order_acquire),
                                    std::memory_order_relaxed))
      return true;
  }
  return false;
}

wait_result semaphore_core::acquire_slow(std::int64_t units, const void* pc,
                                         wait_limits limits) noexcept {
  lock_.lock();
  std::int64_t seen = word_.load(std::memory_order_relaxed);
  while ((seen & waiting) == 0) {
    if (seen / 2 >= units) {
      lock_.unlock();
      if (try_acquire(units)) return wait_result::ok;
      lock_.lock();
      seen = word_.load(std::memory_order_relaxed);
    } else if (word_.compare_exchange_weak(seen, seen | waiting, std::memory_order_relaxed)) {
      break;
    }
  }
  wait_node node;
  node.amount = static_cast<std::uint64_t>(units);
  const wait_result result =
      wait_one_until(lock_, queue_, node, {wait_reason::semaphore_acquire, this, pc}, limits);
  if (result != wait_result::ok) give_up();
  return result;
}

void semaphore_core::give_up() noexcept {
  wake_list wake;
  {
    spin_guard guard(lock_);
    if ((word_.load(std::memory_order_relaxed) & waiting) != 0)
      grant_locked(word_.load(std::memory_order_relaxed) / 2, wake);
  }
  wake();
}

bool semaphore_core::poll_locked(std::int64_t units) noexcept {
  if (!queue_.empty()) return units == 0;  // they come first
  std::int64_t seen = word_.load(std::memory_order_relaxed);
  for (;;) {
    const bool is_enough = seen / 2 >= units;
    const std::int64_t wanted = is_enough ? seen - units * 2 : seen | waiting;
    // Pairs with the releases, as in try_acquire().
    if (word_.compare_exchange_weak(seen, wanted,
                                    WEFT_ORDER("semaphore.select", std::memory_order_acquire),
                                    std::memory_order_relaxed))
      return is_enough;
  }
}

void semaphore_core::thaw_locked() noexcept {
  if (queue_.empty()) word_.fetch_and(~waiting, std::memory_order_relaxed);
}

// With the waiting bit set: shares out what is there, and clears the bit when nobody is left.
void semaphore_core::grant_locked(std::int64_t units, wake_list& wake) noexcept {
  while (!queue_.empty() && static_cast<std::int64_t>(queue_.head->amount) <= units) {
    const auto wanted = static_cast<std::int64_t>(queue_.head->amount);
    if (const won_waiter won = take_head(queue_)) {
      won.node->result = wait_result::ok;
      units -= wanted;
      wake.add(won);
    }
  }
  // Pairs with the acquires, for units that are left.
  word_.store(units * 2 | (queue_.empty() ? 0 : waiting),
              WEFT_ORDER("semaphore.grant", std::memory_order_release));
}

void semaphore_core::release(std::int64_t units) noexcept {
  for (;;) {
    std::int64_t seen = word_.load(std::memory_order_relaxed);
    while ((seen & waiting) == 0) {
      if (units > max_units - seen / 2) fatal("too many units are released to a semaphore");
      // Pairs with the acquires. The last touch of the semaphore if it succeeds.
      if (word_.compare_exchange_weak(seen, seen + units * 2,
                                      WEFT_ORDER("semaphore.release", std::memory_order_release),
                                      std::memory_order_relaxed))
        return;
    }
    wake_list wake;
    {
      spin_guard guard(lock_);
      seen = word_.load(std::memory_order_relaxed);
      if ((seen & waiting) == 0) continue;  // whoever waited has given up
      if (units > max_units - seen / 2) fatal("too many units are released to a semaphore");
      grant_locked(seen / 2 + units, wake);
    }
    wake();
    return;
  }
}

}  // namespace
}  // namespace weft::rt

namespace weft::detail {

#if !defined(WEFT_MODEL)  // see core_of() in sync.hpp
static_assert(sizeof(rt::semaphore_core) == sizeof(semaphore_storage));
static_assert(alignof(rt::semaphore_core) <= alignof(semaphore_storage));
#endif

namespace {
rt::semaphore_core& core_of(semaphore_storage& storage) noexcept {
  return *std::launder(reinterpret_cast<rt::semaphore_core*>(&storage));
}
rt::semaphore_core& core_of(void* object) noexcept {
  return core_of(*static_cast<semaphore_storage*>(object));
}
std::int64_t units_of(const select_case& c) noexcept { return static_cast<std::int64_t>(c.amount); }
}  // namespace

const rt::select_ops semaphore_ops = {
    rt::wait_reason::semaphore_acquire,
    [](void* object) noexcept -> rt::spin_lock& { return core_of(object).lock(); },
    [](const select_case& c) noexcept { return core_of(c.object).looks_enough(units_of(c)); },
    [](select_case& c, rt::wake_up&) noexcept {
      return core_of(c.object).poll_locked(units_of(c)) ? rt::select_poll::done
                                                        : rt::select_poll::not_ready;
    },
    [](select_case& c, rt::wait_node& node) noexcept { core_of(c.object).enqueue_locked(node); },
    [](select_case& c, rt::wait_node& node) noexcept { core_of(c.object).dequeue_locked(node); },
    [](select_case& c) noexcept { core_of(c.object).give_up(); },
    [](select_case& c) noexcept { core_of(c.object).thaw_locked(); }};

void semaphore_check_units(std::ptrdiff_t units) noexcept {
  if (units < 0) rt::fatal("a negative number of semaphore units");
}

void semaphore_acquire(semaphore_storage& self, std::ptrdiff_t units) {
  semaphore_check_units(units);
  rt::enter_blocking_call();
  rt::semaphore_core& core = core_of(self);
  if (units == 0 || core.try_acquire(units)) return;
  rt::throw_if_interrupted(core.acquire_slow(units, __builtin_return_address(0), rt::never_ns));
}

bool semaphore_try_acquire(semaphore_storage& self, std::ptrdiff_t units) noexcept {
  semaphore_check_units(units);
  rt::note_caller();
  return units == 0 || core_of(self).try_acquire(units);
}

bool semaphore_try_acquire_until(semaphore_storage& self, std::ptrdiff_t units,
                                 std::int64_t deadline_ns, rt::end_signal* under) {
  semaphore_check_units(units);
  rt::enter_blocking_call(under);
  rt::semaphore_core& core = core_of(self);
  if (units == 0 || core.try_acquire(units)) return true;
  if (rt::is_past(deadline_ns)) return false;
  const rt::wait_result result =
      core.acquire_slow(units, __builtin_return_address(0), {deadline_ns, under});
  rt::throw_if_interrupted(result, under);
  return result == rt::wait_result::ok;
}

void semaphore_release(semaphore_storage& self, std::ptrdiff_t units) noexcept {
  semaphore_check_units(units);
  rt::note_caller();
  core_of(self).release(units);
}

}  // namespace weft::detail
