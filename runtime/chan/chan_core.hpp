// The untyped core of a channel: one lock, a ring of cells, two queues of waiters.
//
// Any task and any thread may call everything; `_locked` needs the lock. Whoever calls holds a
// handle, except a waiter that is leaving (see parked). The typed shell is <weft/detail/chan_*.hpp>,
// the select side of it chan_select.cpp.
//
// A value is bytes (chan_value.hpp says how it becomes bytes): it is copied under the lock into the
// ring, or straight into the cell of a receiver that waits, and nothing of the user runs there.
//
// Invariants, whenever the lock is free:
//   somebody waits to receive  =>  nothing is buffered, and nobody waits to send (but a select that
//                                  waits for both on this channel)
//   somebody waits to send     =>  the buffer is full
//   closed                     =>  nobody waits
// "Somebody" is a waiter that could be won; nodes of selects that were won elsewhere may lie about
// until their owner takes them back, or until they are met.
//
// `state` (flags and count in one word) is read without the lock by the forms that do not wait. Its
// two waiter flags may be set in vain: a waiter that is cancelled is unlinked by its canceller, who
// does not know about flags. They are never missing, because they are set before the lock is given
// up by the one who links.
//
// Who waits keeps the channel alive, also when the last handle goes meanwhile (a task parked in a
// call through a handle of somebody else's, cancelled when that one ends). A reference for each wait
// would cost two locked instructions; `parked` counts them under the lock instead. A wait for one
// thing is counted off by its waker, because it does not lock again when it succeeded; a wait with a
// winner word locks again anyway and counts itself off. Who finds no handle and nobody parked frees.
//
// Rejected: a lock-free ring of cells with a fetch-add ticket (select's "all locks at once" needs a
// channel that can be held still, and most channels are not contended); values moved under the lock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include <weft/detail/chan_core.hpp>
#include "runtime/base/check.hpp"
#include "runtime/base/spin_lock.hpp"
#include "runtime/chan/tick_source.hpp"
#include "runtime/task/wait.hpp"

namespace weft::rt {

using weft::detail::chan_head;
using weft::detail::chan_result;

// Waiters whose waits were ended under a lock, in order, to be made ready after it. Those who must be
// made ready stay parked until then, so their nodes carry the chain; a select that was won before it
// parked goes on by itself, and its node is not touched again.
class wait_chain {
 public:
  void add(const won_waiter& won) noexcept {
    if (!won.must_ready) return;
    won.node->next = nullptr;
    *end_ = won.node;
    end_ = &won.node->next;
  }
  void make_all_ready() noexcept {
    while (first_ != nullptr) {
      wait_node* next = first_->next;
      make_ready(*first_->who);
      first_ = next;
    }
  }

 private:
  wait_node* first_ = nullptr;
  wait_node** end_ = &first_;
};

class alignas(64) chan_core : public chan_head {
 public:
  enum class attempt : std::uint8_t { done, closed, blocked };

  static chan_core& of(chan_head* head) noexcept { return *static_cast<chan_core*>(head); }
  static const chan_core& of(const chan_head* head) noexcept {
    return *static_cast<const chan_core*>(head);
  }

  static chan_core* make(const weft::detail::chan_type& type, std::size_t cap, const void* pc);
  static chan_core* make_timed(const weft::detail::chan_type& type, const tick_source& source,
                               const void* pc);
  static void destroy(chan_core* core) noexcept;

  // Whose wait was ended goes into `wake`, to be called after unlocking.
  attempt send_locked(const void* cell, wake_up& wake) noexcept;
  attempt recv_locked(void* cell, wake_up& wake) noexcept;

  // Wait with the lock held, return without it.
  chan_result wait_to_send(const void* cell, const void* pc) noexcept;
  chan_result wait_to_recv(void* cell, const void* pc) noexcept;
  chan_result wait_to_send(const void* cell, wait_limits limits, const void* pc) noexcept;
  chan_result wait_to_recv(void* cell, wait_limits limits, const void* pc) noexcept;

  // False if it is closed already.
  bool close() noexcept;

  // For waits with a winner word: the node is the caller's, and comes back.
  void enqueue_locked(wait_node& node, bool to_send) noexcept;
  // True if the caller must call destroy() after unlocking: nobody else refers to the channel.
  [[nodiscard]] bool dequeue_locked(wait_node& node) noexcept;

  // The last handle has gone.
  void abandon() noexcept;

  // --- channels of timers ---

  bool is_timed() const noexcept { return source_ != nullptr; }
  // When the receiver that waits with this node has to look again, and the look.
  std::int64_t look_at_locked(const wait_node& node) const noexcept;
  attempt look_again_locked(const wait_node& node) noexcept;
  // Before dequeue_locked: the waiter that the node leaves the look at the clock to.
  wake_up next_to_look_locked(const wait_node& leaving) noexcept;
  // True if there was a tick, or one to come, which is taken back. Who waits looks again.
  bool set_source(const tick_source& source) noexcept;

  spin_lock lock;

  const void* made_at() const noexcept { return made_at_; }
  // Of waiters that are linked, won or not. The lock must be held, or nothing may run.
  void count_waiters_locked(std::uint32_t& to_send, std::uint32_t& to_recv) const noexcept;

 private:
  chan_core(const weft::detail::chan_type& of_type, std::size_t capacity, const void* pc,
            void* memory) noexcept
      : chan_head(of_type, capacity),
        cell_bytes_(of_type.cell_bytes),
        made_at_(pc),
        memory_(memory) {}
  ~chan_core() = default;

  std::byte* cell_at(std::size_t index) noexcept {
    return reinterpret_cast<std::byte*>(this + 1) + index * cell_bytes_;
  }
  std::byte* first_free_locked(std::size_t count) noexcept {
    std::size_t index = first_ + count;
    if (index >= cap) index -= cap;
    return cell_at(index);
  }

  // Copies one cell; most are a word.
  void copy(void* to, const void* from) const noexcept {
    switch (cell_bytes_) {
      case 0: return;
      case 4: std::memcpy(to, from, 4); return;
      case 8: std::memcpy(to, from, 8); return;
      default: std::memcpy(to, from, cell_bytes_); return;
    }
  }

  std::uint64_t state_locked() const noexcept { return state.load(std::memory_order_relaxed); }
  void set_state_locked(std::uint64_t now) noexcept {
    state.store(now, std::memory_order_release);
    version.store(version.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  }
  // The state with waiter flags that tell the truth.
  std::uint64_t with_true_flags(std::uint64_t seen) const noexcept {
    if (senders_.empty() && !is_timed()) seen &= ~senders;
    if (receivers_.empty()) seen &= ~receivers;
    return seen;
  }

  // A waiter was won, with the lock held.
  void end_wait_locked(const won_waiter& won, wait_result result, wake_up& wake) noexcept {
    if (won.node->winner == nullptr) --parked_;
    won.node->result = result;
    wake = wake_up(won);
  }

  chan_result wait(wait_node& node, bool to_send, const void* pc) noexcept;
  chan_result wait_until(wait_node& node, bool to_send, wait_limits limits,
                         const void* pc) noexcept;
  void leave(wait_node& node) noexcept;
  attempt recv_tick_locked(void* cell) noexcept;
  attempt take_tick_locked(void* cell) noexcept;
  wake_up wake_first_to_look_locked() noexcept;
  chan_result wait_for_tick(void* cell, wait_limits limits, const void* pc) noexcept;

  // Constant.
  const std::uint32_t cell_bytes_;
  const void* const made_at_;      // in the user's code
  tick_source* source_ = nullptr;  // ours; what it says is under the lock

  void* const memory_;  // what was allocated

  // Under the lock.
  std::uint32_t parked_ = 0;    // who waits and is still to be counted off
  bool is_abandoned_ = false;   // no handle is left
  std::size_t first_ = 0;       // of the ring: the oldest value
  wait_queue senders_;
  wait_queue receivers_;
};

inline chan_core::attempt chan_core::send_locked(const void* cell, wake_up& wake) noexcept {
  const std::uint64_t before = state_locked();
  std::uint64_t now = before;
  if ((before & (closed | receivers)) != 0) {
    if ((before & closed) != 0) return attempt::closed;
    if (const won_waiter won = take_waiter(receivers_)) {
      copy(won.node->cell, cell);
      end_wait_locked(won, wait_result::ok, wake);
      now = with_true_flags(before);
      if (now != before) set_state_locked(now);
      return attempt::done;
    }
    now &= ~receivers;
  }
  const std::size_t count = now / one;
  if (count < cap) {
    copy(first_free_locked(count), cell);
    set_state_locked(now + one);
    return attempt::done;
  }
  if (now != before) set_state_locked(now);
  return attempt::blocked;
}

inline chan_core::attempt chan_core::recv_locked(void* cell, wake_up& wake) noexcept {
  const std::uint64_t before = state_locked();
  std::uint64_t now = before;
  if (const std::size_t count = before / one; count > 0) {
    copy(cell, cell_at(first_));
    if (++first_ == cap) first_ = 0;
    now -= one;
    if ((before & senders) != 0) {
      // The first who waits gets the place that became free, at the end of the ring.
      if (const won_waiter won = take_waiter(senders_)) {
        copy(first_free_locked(count - 1), won.node->cell);
        end_wait_locked(won, wait_result::ok, wake);
        now += one;
      }
      now = with_true_flags(now);
    }
    set_state_locked(now);
    return attempt::done;
  }
  if ((before & senders) != 0) {
    if (is_timed()) [[unlikely]]
      return recv_tick_locked(cell);
    if (const won_waiter won = take_waiter(senders_)) {
      copy(cell, won.node->cell);
      end_wait_locked(won, wait_result::ok, wake);
      now = with_true_flags(before);
      if (now != before) set_state_locked(now);
      return attempt::done;
    }
    now &= ~senders;
    set_state_locked(now);
  }
  return (before & closed) != 0 ? attempt::closed : attempt::blocked;
}

}  // namespace weft::rt
