// The one waiting protocol: register a wait node, park, be made ready exactly once, take back the
// nodes that lost. Channels, locks, joins, timers and descriptors all wait through this file.
//
// A primitive that lets somebody wait:
//     lock; look; if it must wait: wait_node node; ... wait_one(lock, queue, node, place) ...
// and that ends a wait:
//     lock; won_waiter w = take_waiter(queue); ... w.node->result = ok ...; unlock; wake(w)
// where everything the waiter must see is written before the unlock, and `who` is read before it.
#pragma once

#include "runtime/task/end_signal.hpp"
#include "runtime/task/park.hpp"
#include "runtime/task/wait_node.hpp"
#include "runtime/task/wait_site.hpp"
#include "runtime/task/waiter.hpp"

namespace weft::rt {

// Start of every blocking call: throws task_cancelled if the running task is cancelled (unless it
// is unwinding). Before it had any effect. Under WEFT_FORCED_YIELDS also yields now and then.
void checkpoint();

// Throws what the result stands for if it is cancelled, deadlocked, or ended; else nothing.
void throw_if_interrupted(wait_result result, end_signal* under = nullptr);

// The calling task or foreign thread.
waiter& current_waiter();

// Start of every call that does not wait: a foreign thread counts from its first call on, whatever
// that is, for it may wake somebody later.
inline void note_caller() { (void)current_waiter(); }

enum class interruptible : bool { no, yes };

// With `held` locked: links the node at the end of the queue, parks, and returns the node's result
// with the lock released. ok and closed are what the waker wrote; cancelled and deadlocked: the node
// was unlinked and nothing happened.
wait_result wait_one(spin_lock& held, wait_queue& queue, wait_node& node, const wait_place& place,
                     interruptible may_interrupt = interruptible::yes) noexcept;

// The same with limits: timed_out when the deadline comes first (steady clock; never_ns: none),
// ended when the context does.
wait_result wait_one_until(spin_lock& held, wait_queue& queue, wait_node& node,
                           const wait_place& place, wait_limits limits,
                           interruptible may_interrupt = interruptible::yes) noexcept;

// Parks until the deadline. ok when it has come.
wait_result wait_until(const wait_place& place, wait_limits limits) noexcept;

// A wait for several things. The caller links nodes whose winner is word(), each under its own
// lock, waits, and then unlinks those still linked, each under its lock; the lock of the winner's
// thing must be taken once too before the winner's result is read.
class any_wait {
 public:
  any_wait(const wait_place& place, const wait_case* cases, std::uint32_t count) noexcept;

  winner_word& word() noexcept { return word_; }
  waiter& who() const noexcept { return *who_; }

  // At that time, if it comes before the deadline, the next wait() returns winner_word::look_again:
  // the nodes stay where they are, and when all their locks are held word().open_again() tells whether
  // to look and wait() again, or else word().winner() what has won meanwhile.
  void look_again_at(std::int64_t time_ns) noexcept { look_ns_ = time_ns; }

  // The index of the winning node, or winner_word::timed_out, cancelled, deadlocked, ended.
  std::uint32_t wait(wait_limits limits,
                     interruptible may_interrupt = interruptible::yes) noexcept;

 private:
  std::uint32_t wait_under(wait_limits limits, interruptible may_interrupt) noexcept;
  std::uint32_t wait_as_thread(std::int64_t until_ns) noexcept;
  static void fire(timer_node& timer) noexcept;

  waiter* who_;
  std::int64_t look_ns_ = never_ns;
  std::uint32_t at_time_ = winner_word::timed_out;  // what the time claims
  winner_word word_;
  wait_site site_;
};

// Makes a waiter runnable. Any thread.
void make_ready(waiter& who) noexcept;

// After unlocking. `who` must have been read under the lock: a waiter that need not be made ready
// may already be gone.
struct wake_up {
  waiter* who = nullptr;
  wake_up() = default;
  explicit wake_up(const won_waiter& won) noexcept
      : who(won && won.must_ready ? won.node->who : nullptr) {}
  void operator()() const noexcept {
    if (who != nullptr) make_ready(*who);
  }
};

// Ends the wait a task is in, if it is in one that may be interrupted, with that result.
// Any thread, while the site is kept (see cancel_state.hpp).
bool interrupt_wait(wait_site& site, wait_result why) noexcept;

// Takes the task out of its wait without making it ready, also where it may not be interrupted. False:
// somebody else has ended the wait and makes it ready. For tasks that will never run again.
bool drop_wait(wait_site& site) noexcept;

// Cancels a task: its present wait ends, later ones throw. Any thread.
void cancel_task(task& target) noexcept;

}  // namespace weft::rt
