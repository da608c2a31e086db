// The core of weft::wait_group. Any task or thread may call everything.
//
// The count changes by one compare-exchange, except that it becomes zero only under the lock, which
// wait() takes to look. So who comes back from wait() knows that the last done() has left the lock,
// after which it touches only the waiters that it took along: the wait_group may be destroyed.
#include <weft/wait_group.hpp>

#include "runtime/base/atomic.hpp"
#include "runtime/base/check.hpp"
#include "runtime/base/spin_lock.hpp"
#include "runtime/sync/sync.hpp"
#include "runtime/task/select_case.hpp"
#include "runtime/task/task_end.hpp"

#include <weft/error.hpp>

namespace weft::rt {
namespace {

class wait_group_core {
 public:
  void add(std::int64_t n) noexcept;
  wait_result wait(const void* pc, wait_limits limits) noexcept;

  // --- for select ---
  spin_lock& lock() noexcept { return lock_; }
  // With the lock held, a count that is not zero stays so.
  bool is_zero() const noexcept { return count_.load(std::memory_order_relaxed) == 0; }
  void enqueue_locked(wait_node& node) noexcept { queue_.push_back(node); }
  void dequeue_locked(wait_node& node) noexcept {
    if (node.is_linked()) queue_.unlink(node);
  }

 private:
  void add_slow(std::int64_t n) noexcept;

  atomic<std::int64_t> count_{0};
  spin_lock lock_;
  wait_queue queue_;  // under lock_
};

void wait_group_core::add(std::int64_t n) noexcept {
  std::int64_t seen = count_.load(std::memory_order_relaxed);
  while (n <= 0 || seen <= INT64_MAX - n) {
    if (seen + n <= 0) {
      if (n != 0) add_slow(n);
      return;
    }
    // Release: pairs with the one who takes it to zero.
    if (count_.compare_exchange_weak(seen, seen + n,
                                     WEFT_ORDER("wait_group.add", std::memory_order_release),
                                     std::memory_order_relaxed))
      return;
  }
  fatal("wait_group counter overflow: add() was called with too much");
}

void wait_group_core::add_slow(std::int64_t n) noexcept {
  wake_list wake;
  {
    spin_guard guard(lock_);
    // Acquire: what came before the earlier done() is handed on to the waiters, by the lock or by
    // the wake-up.
    const std::int64_t now =
        count_.fetch_add(n, WEFT_ORDER("wait_group.zero", std::memory_order_acquire)) + n;
    if (now < 0) fatal("negative wait_group counter: done() was called more often than add()");
    if (now != 0) return;
    while (const won_waiter won = take_waiter(queue_)) {
      won.node->result = wait_result::ok;
      wake.add(won);
    }
  }
  wake();
}

wait_result wait_group_core::wait(const void* pc, wait_limits limits) noexcept {
  lock_.lock();
  if (count_.load(std::memory_order_relaxed) == 0) {
    lock_.unlock();
    return wait_result::ok;
  }
  if (is_past(limits.deadline_ns)) {
    lock_.unlock();
    return wait_result::timed_out;
  }
  wait_node node;
  return wait_one_until(lock_, queue_, node, {wait_reason::wait_group_wait, this, pc}, limits);
}

}  // namespace
}  // namespace weft::rt

namespace weft::detail {

using rt::core_of;
using rt::wait_group_core;

namespace {
wait_group_core& group_of(void* object) noexcept {
  return core_of<wait_group_core>(*static_cast<wait_group_storage*>(object));
}
}  // namespace

const rt::select_ops wait_group_ops = {
    rt::wait_reason::wait_group_wait,
    [](void* object) noexcept -> rt::spin_lock& { return group_of(object).lock(); },
    [](const select_case& c) noexcept { return group_of(c.object).is_zero(); },
    [](select_case& c, rt::wake_up&) noexcept {
      return group_of(c.object).is_zero() ? rt::select_poll::done : rt::select_poll::not_ready;
    },
    [](select_case& c, rt::wait_node& node) noexcept { group_of(c.object).enqueue_locked(node); },
    [](select_case& c, rt::wait_node& node) noexcept { group_of(c.object).dequeue_locked(node); }};

void wait_group_add(wait_group_storage& self, std::ptrdiff_t n) noexcept {
  rt::note_caller();
  core_of<wait_group_core>(self).add(n);
}

void wait_group_done(wait_group_storage& self) noexcept {
  rt::note_caller();
  core_of<wait_group_core>(self).add(-1);
}

void wait_group_wait(wait_group_storage& self) {
  rt::enter_blocking_call();
  rt::throw_if_interrupted(
      core_of<wait_group_core>(self).wait(__builtin_return_address(0), rt::never_ns));
}

bool wait_group_wait_until(wait_group_storage& self, std::int64_t deadline_ns,
                           rt::end_signal* under) {
  rt::enter_blocking_call(under);
  const rt::wait_result result =
      core_of<wait_group_core>(self).wait(__builtin_return_address(0), {deadline_ns, under});
  rt::throw_if_interrupted(result, under);
  return result == rt::wait_result::ok;
}

bool exception_ends_task() noexcept {
  try {
    throw;
  } catch (const task_cancelled&) {
    return true;
  } catch (const deadlocked&) {
    return true;
  } catch (const rt::exit_request&) {
    return true;
  } catch (...) {
    return false;
  }
}

}  // namespace weft::detail
