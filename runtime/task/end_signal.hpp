// Something that ends once, and with it every wait that stands under it: what a context is to a wait.
// The tree of contexts, and who ends one, are in runtime/cancel.
//
// Any task or thread. A wait under it is a wait for several things: one node more, in `waiters`, that
// shares the winner word with the others. The deadline is not armed anywhere: who waits waits no
// longer than that, and who asks looks at the clock. So a deadline costs nothing and wakes nobody
// while nobody waits for it.
#pragma once

#include <cstdint>
#include <system_error>

#include "runtime/base/atomic.hpp"
#include "runtime/base/choose.hpp"
#include "runtime/base/spin_lock.hpp"
#include "runtime/task/wait_node.hpp"

namespace weft::rt {

enum class end_reason : std::uint32_t { none, cancelled, deadline };

// Something to be done when it ends, besides waking who waits. Linked under the signal's lock.
struct end_hook {
  // Once, by whoever ends the signal, after it was unlinked and with no lock held.
  void (*fire)(end_hook& self) noexcept = nullptr;
  // Instead, when it is certain that it will never end.
  void (*drop)(end_hook& self) noexcept = nullptr;
  end_hook* next = nullptr;
  end_hook* prev = nullptr;
  bool is_linked = false;
};

struct end_signal {
  explicit end_signal(std::int64_t ends_at_ns) noexcept : deadline_ns(ends_at_ns) {}

  // Constant: it ends then at the latest. never_ns: not by itself.
  const std::int64_t deadline_ns;

  spin_lock lock;
  // Written once, under the lock; read by anybody. Acquire pairs with the release in end: whoever
  // sees the end sees what came before it, and why.
  atomic<end_reason> reason{end_reason::none};
  // Under the lock; empty once it has ended.
  wait_queue waiters;
  end_hook* hooks = nullptr;

  // Also when the deadline has passed and nobody has noticed.
  bool has_ended() const noexcept {
    return reason.load(WEFT_ORDER("end_signal.has_ended", std::memory_order_acquire)) !=
               end_reason::none ||
           (deadline_ns != never_ns && deadline_ns <= now_ns());
  }

  // With the lock held, before anybody is woken.
  void end_locked(end_reason why) noexcept {
    reason.store(why, WEFT_ORDER("end_signal.end", std::memory_order_release));
  }

  void add_hook_locked(end_hook& hook) noexcept {
    hook.next = hooks;
    hook.prev = nullptr;
    hook.is_linked = true;
    if (hooks != nullptr) hooks->prev = &hook;
    hooks = &hook;
  }
  // False: it was not linked.
  bool remove_hook_locked(end_hook& hook) noexcept {
    if (!hook.is_linked) return false;
    (hook.prev != nullptr ? hook.prev->next : hooks) = hook.next;
    if (hook.next != nullptr) hook.next->prev = hook.prev;
    hook.is_linked = false;
    return true;
  }
};

// What a wait may not outlast: a time, and the end of a context.
struct wait_limits {
  std::int64_t deadline_ns = never_ns;
  end_signal* under = nullptr;

  constexpr wait_limits(std::int64_t at_ns, end_signal* end = nullptr) noexcept
      : deadline_ns(at_ns), under(end) {}
  bool is_none() const noexcept { return deadline_ns == never_ns && under == nullptr; }
};

// Throws weft::cancelled or weft::deadline_exceeded. It has ended, or its deadline ended a wait.
[[noreturn]] void throw_ended(end_signal& of);

// The same as a code, for calls that report in one.
std::error_code error_of(end_signal& of) noexcept;

// Start of a blocking call under a context, before it has any effect.
inline void check_end(end_signal* under) {
  if (under != nullptr && under->has_ended()) throw_ended(*under);
}

}  // namespace weft::rt
