// Channels whose values come from the clock (tick_source.hpp).
//
// The state of such a channel always says "somebody waits to send", so that whoever wants to
// receive comes to look under the lock; there the source answers instead of the queue of senders.
#include <weft/detail/timer_chan.hpp>

#include <algorithm>

#include "runtime/base/choose.hpp"
#include "runtime/chan/chan_core.hpp"

namespace weft::rt {

chan_core::attempt chan_core::recv_tick_locked(void* cell) noexcept {
  const std::int64_t now = now_ns();
  if (!source_->is_due(now)) return attempt::blocked;
  if (source_->closes) return attempt::closed;
  const std::int64_t tick = source_->take(now);
  copy(cell, &tick);
  return attempt::done;
}

// Waits until a tick is due or somebody sets the source, and looks again, until there is a tick.
chan_result chan_core::wait_for_tick(void* cell, wait_limits limits, const void* pc) noexcept {
  chan_result result = chan_result::not_ready;
  bool is_free = false;
  for (;;) {
    any_wait waiting({wait_reason::chan_receive, this, pc}, nullptr, 0);
    wait_node node;
    node.who = &waiting.who();
    node.winner = &waiting.word();
    node.cell = cell;
    enqueue_locked(node, false);
    const std::int64_t until_ns = std::min(source_->due_ns, limits.deadline_ns);
    lock.unlock();
    const std::uint32_t winner = waiting.wait({until_ns, limits.under});
    lock.lock();
    is_free = dequeue_locked(node);
    if (winner == winner_word::cancelled) result = chan_result::cancelled;
    if (winner == winner_word::deadlocked) result = chan_result::deadlocked;
    if (winner == winner_word::ended) result = chan_result::ended;
    if (result != chan_result::not_ready) break;
    wake_up nobody;  // has no sender
    const attempt now = recv_locked(cell, nobody);
    if (now != attempt::blocked) {
      result = now == attempt::done ? chan_result::done : chan_result::closed;
      break;
    }
    if (limits.deadline_ns != never_ns && limits.deadline_ns <= now_ns()) break;
  }
  lock.unlock();
  if (is_free) destroy(this);
  return result;
}

bool chan_core::set_source(const tick_source& source) noexcept {
  wait_chain parked;
  lock.lock();
  const bool was_pending = source_->due_ns != never_ns;
  *source_ = source;
  // Everybody who waits has the old due time as a deadline.
  while (const won_waiter won = take_waiter(receivers_)) parked.add(won);
  set_state_locked(with_true_flags(state_locked()));
  lock.unlock();
  parked.make_all_ready();
  return was_pending;
}

}  // namespace weft::rt

namespace weft::detail {

chan_head* timer_chan_make(const chan_type& type, std::int64_t due_ns, std::int64_t period_ns) {
  WEFT_CHECK(type.cell_bytes == sizeof(std::int64_t), "a tick is a count of nanoseconds");
  return rt::chan_core::make_timed(type, {due_ns, period_ns, false}, __builtin_return_address(0));
}

chan_head* closing_chan_make(const chan_type& type, std::int64_t due_ns) {
  if (due_ns == no_deadline) return rt::chan_core::make(type, 0, nullptr);
  return rt::chan_core::make_timed(type, {due_ns, 0, true}, nullptr);
}

bool timer_chan_set(chan_head* c, std::int64_t due_ns, std::int64_t period_ns) noexcept {
  return rt::chan_core::of(c).set_source({due_ns, period_ns, false});
}

}  // namespace weft::detail
