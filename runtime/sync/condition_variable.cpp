// The core of weft::condition_variable. Any task or thread may call everything.
//
// A waiter links its node while it still holds the user's lock, then unlocks, then parks: every
// notify that comes after the state was changed under the lock finds it. The wait has a winner word
// because a notify may come between the linking and the parking.
//
// Who notifies writes nothing into a node that it has won: the winner word says it all. So a waiter
// that was notified does not touch the condition variable any more, which may be gone by then.
//
// Named race, notify against cancel or timeout: the claim decides. A wait that was notified is
// over, with success, also if its task is cancelled a moment later.
#include <weft/condition_variable.hpp>

#include "runtime/base/atomic.hpp"
#include "runtime/base/spin_lock.hpp"
#include "runtime/sync/mutex_access.hpp"
#include "runtime/sync/sync.hpp"

#include <weft/error.hpp>

namespace weft::rt {
namespace {

class condition_core {
 public:
  // `give_up` unlocks the user's lock. The result is ok, timed_out, cancelled, ended or deadlocked.
  template <class GiveUp>
  wait_result wait(const void* pc, wait_limits limits, GiveUp&& give_up);

  void notify_one() noexcept;
  void notify_all() noexcept;
  bool is_waited_for() const noexcept { return waiting_.load(std::memory_order_relaxed) != 0; }

 private:
  void unlink(wait_node& node) noexcept;

  // How many nodes are linked. Written under lock_. Read without it by notify: a waiter counted
  // itself before it unlocked the user's lock, so whoever changed the state under that lock sees
  // it.
  atomic<std::uint32_t> waiting_{0};
  spin_lock lock_;
  wait_queue queue_;  // under lock_
};

void condition_core::unlink(wait_node& node) noexcept {
  spin_guard guard(lock_);
  if (!node.is_linked()) return;
  queue_.unlink(node);
  waiting_.store(waiting_.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
}

template <class GiveUp>
wait_result condition_core::wait(const void* pc, wait_limits limits, GiveUp&& give_up) {
  any_wait wait({wait_reason::condition_wait, this, pc}, nullptr, 0);
  wait_node node;
  node.who = &wait.who();
  node.winner = &wait.word();
  {
    spin_guard guard(lock_);
    queue_.push_back(node);
    waiting_.store(waiting_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }
  struct unlinker {
    condition_core* core;
    wait_node& node;
    ~unlinker() {
      if (core != nullptr) core->unlink(node);
    }
  } unlinking{this, node};  // also if give_up throws
  give_up();
  switch (wait.wait(limits)) {
    case winner_word::timed_out:
      return wait_result::timed_out;
    case winner_word::cancelled:
      return wait_result::cancelled;
    case winner_word::ended:
      return wait_result::ended;
    case winner_word::deadlocked:
      return wait_result::deadlocked;
    default:
      unlinking.core = nullptr;
      return wait_result::ok;
  }
}

void condition_core::notify_one() noexcept {
  if (!is_waited_for()) return;
  wake_up wake;
  {
    spin_guard guard(lock_);
    while (!queue_.empty()) {
      waiting_.store(waiting_.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
      if (const won_waiter won = take_head(queue_)) {
        wake = wake_up(won);
        break;
      }
    }
  }
  wake();
}

void condition_core::notify_all() noexcept {
  if (!is_waited_for()) return;
  wake_list wake;
  {
    spin_guard guard(lock_);
    while (!queue_.empty())
      if (const won_waiter won = take_head(queue_)) wake.add(won);
    waiting_.store(0, std::memory_order_relaxed);
  }
  wake();
}

}  // namespace
}  // namespace weft::rt

namespace weft::detail {

using rt::condition_core;
using rt::core_of;

bool condition_wait(condition_storage& self, mutex& held, std::int64_t deadline_ns,
                    rt::end_signal* under) {
  const void* pc = __builtin_return_address(0);
  rt::checkpoint();
  rt::check_end(under);
  rt::mutex_core& lock = mutex_access::core(held);
  const rt::wait_result result =
      core_of<condition_core>(self).wait(pc, {deadline_ns, under}, [&] { lock.release(); });
  lock.acquire_uninterrupted(pc);
  rt::throw_if_interrupted(result, under);
  return result == rt::wait_result::ok;
}

namespace {

// A lock() of a cancelled task throws, but not while the task unwinds: so the lock is taken back by
// a destructor that runs because of the exception.
struct relock_while_unwinding {
  const lock_calls& held;
  ~relock_while_unwinding() { held.relock(held.lock); }
};

}  // namespace

bool condition_wait(condition_storage& self, const lock_calls& held, std::int64_t deadline_ns,
                    rt::end_signal* under) {
  const void* pc = __builtin_return_address(0);
  rt::checkpoint();
  rt::check_end(under);
  condition_core& core = core_of<condition_core>(self);
  const rt::wait_result result =
      core.wait(pc, {deadline_ns, under}, [&] { held.unlock(held.lock); });
  if (result != rt::wait_result::ok && result != rt::wait_result::timed_out) {
    relock_while_unwinding relocking{held};
    rt::throw_if_interrupted(result, under);
  }
  try {
    held.relock(held.lock);
  } catch (const task_cancelled&) {
    // The wait itself succeeded, and a notify was spent on it: the task's next blocking call
    // throws.
    try {
      relock_while_unwinding relocking{held};
      throw;
    } catch (const task_cancelled&) {
    }
  }
  return result == rt::wait_result::ok;
}

void condition_begin(rt::end_signal* under) { rt::enter_blocking_call(under); }

void condition_notify_one(condition_storage& self) noexcept {
  rt::note_caller();
  core_of<condition_core>(self).notify_one();
}

void condition_notify_all(condition_storage& self) noexcept {
  rt::note_caller();
  core_of<condition_core>(self).notify_all();
}

void condition_destroyed_in_use(condition_storage& self) noexcept {
  WEFT_DEBUG_FATAL_IF(core_of<condition_core>(self).is_waited_for(),
                      "a condition_variable is destroyed while somebody waits for it");
}

}  // namespace weft::detail
