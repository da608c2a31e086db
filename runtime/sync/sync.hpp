// What the primitives of this room share: their memory inside public objects, who an owner is, the
// start of a blocking call, and waking many at once.
//
// All of them follow one rule about their end: a call that lets somebody go on touches the
// primitive for the last time either in that very step (one atomic operation), or while the one it
// lets go on is still parked inside a call on the same primitive. So whoever was let go on may
// destroy it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <type_traits>

#include "runtime/base/choose.hpp"
#include "runtime/base/spin_lock.hpp"
#include "runtime/task/thread_waiter.hpp"
#include "runtime/task/wait.hpp"

#include <weft/detail/opaque.hpp>

namespace weft::rt {

// --- memory ---

// The core that lies in a public object's storage. All-zero bytes must be its fresh state.
template <class Core, std::size_t Bytes>
Core& core_of(detail::opaque<Bytes>& storage) noexcept {
#if !defined(WEFT_MODEL)  // the explorer's atomics are larger than they look, and watch their end
  static_assert(sizeof(Core) == Bytes && alignof(Core) <= alignof(detail::opaque<Bytes>));
  static_assert(std::is_trivially_destructible_v<Core>);
#endif
  return *std::launder(reinterpret_cast<Core*>(storage.bytes));
}

// --- owners ---

// Who holds a lock, as one word: 0 nobody, else a task by its id, which is never used again, or a
// foreign thread by its waiter. The low two bits are free for the lock's own use.
//   task     id << 3
//   thread   address of its thread_waiter << 1, + 4
using owner_token = std::uint64_t;
inline constexpr owner_token foreign_bit = 4;
inline constexpr owner_token owner_mask = ~owner_token{3};

inline owner_token token_of(const task& owner) noexcept {
  return owner.id << 3;
}

inline owner_token token_of(const thread_waiter& owner) noexcept {
  static_assert(alignof(thread_waiter) >= 4);
  return reinterpret_cast<std::uintptr_t>(&owner) << 1 | foreign_bit;
}

// A task inside weft::blocking waits as a plain thread but owns its locks as the task.
inline owner_token token_of(const thread_info& here) noexcept {
  if (here.current != nullptr) return token_of(*here.current);
  if (here.in_blocking != nullptr) return token_of(*here.in_blocking);
  return token_of(thread_waiter::here());
}

inline owner_token caller_token() noexcept {
  return token_of(this_thread());
}

// Parsed, for reports.
struct owner_info {
  std::uint64_t task_id = 0;  // 0: nobody, or a foreign thread
  bool is_foreign = false;
};

constexpr owner_info owner_of(owner_token word) noexcept {
  const owner_token token = word & owner_mask;
  if ((token & foreign_bit) != 0) return {0, true};
  return {token >> 3, false};
}

// `fatal error: <what> held by task 7, by task 9`.
[[noreturn, gnu::cold]] void fatal_not_owner(const char* what, owner_token holder) noexcept;

// Misuse that only debug builds look for.
#if defined(WEFT_CHECKS) && WEFT_CHECKS
#define WEFT_DEBUG_FATAL_IF(condition, what) \
  ((condition) ? ::weft::rt::fatal(what) : static_cast<void>(0))
#else
#define WEFT_DEBUG_FATAL_IF(condition, what) static_cast<void>(sizeof(static_cast<bool>(condition)))
#endif

// --- the start of a blocking call ---

// checkpoint(), but the usual case does not leave the function it is in.
inline owner_token enter_blocking_call() {
#if defined(WEFT_FORCED_YIELDS) && WEFT_FORCED_YIELDS
  checkpoint();
#else
  const task* self = current_task();
  if (self != nullptr && !self->cancel.requested()) [[likely]]
    return token_of(*self);
  checkpoint();
#endif
  return caller_token();
}

inline owner_token enter_blocking_call(end_signal* under) {
  const owner_token me = enter_blocking_call();
  check_end(under);
  return me;
}

// True if a wait up to that deadline would not wait at all.
inline bool is_past(std::int64_t deadline_ns) noexcept {
  return deadline_ns != never_ns && deadline_ns <= now_ns();
}

// --- waking several ---

// Waiters taken under the lock, in order, to be made ready after unlocking. Those who must be made
// ready stay where they are until then, so their own nodes carry the list.
class wake_list {
 public:
  void add(const won_waiter& won) noexcept {
    if (!won.must_ready) return;
    won.node->next = nullptr;
    (last_ != nullptr ? last_->next : first_) = won.node;
    last_ = won.node;
  }

  void operator()() noexcept {
    while (wait_node* node = first_) {
      first_ = node->next;
      make_ready(*node->who);
    }
    last_ = nullptr;
  }

 private:
  wait_node* first_ = nullptr;
  wait_node* last_ = nullptr;
};

// Takes the first waiter of the queue if it can still be won; a node whose wait ended otherwise is
// dropped. Null: it was dropped.
inline won_waiter take_head(wait_queue& queue) noexcept {
  wait_node* node = queue.head;
  queue.unlink(*node);
  won_waiter won{node, false};
  if (!claim_node(*node, won.must_ready)) return {};
  return won;
}

inline std::uint32_t count(const wait_queue& queue) noexcept {
  std::uint32_t n = 0;
  for (const wait_node* node = queue.head; node != nullptr; node = node->next) ++n;
  return n;
}

}  // namespace weft::rt
