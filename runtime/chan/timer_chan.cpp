// Channels whose values come from the clock (tick_source.hpp).
//
// The state of such a channel always says "somebody waits to send", so that whoever wants to
// receive comes to look under the lock; there the source answers instead of the queue of senders.
//
// Ticks go to who waits longest. So of those who wait only the first looks at the clock: it waits no
// longer than to the due time, then takes the tick. The others wait for its place; who leaves it wakes
// the next. Somebody who comes by takes a tick only if nobody waits. The end of a context is for
// everybody: there each looks by itself.
//
// Who is woken to look keeps its place in the queue meanwhile, and in a select in the queues of all
// the other cases too (winner_word::look_again).
#include <weft/detail/deadline.hpp>
#include <weft/detail/timer_chan.hpp>

#include "runtime/base/choose.hpp"
#include "runtime/chan/chan_core.hpp"

namespace weft::rt {

chan_core::attempt chan_core::take_tick_locked(void* cell) noexcept {
  const std::int64_t now = now_ns();
  if (!source_->is_due(now)) return attempt::blocked;
  if (source_->closes) return attempt::closed;
  const std::int64_t tick = source_->take(now);
  copy(cell, &tick);
  return attempt::done;
}

chan_core::attempt chan_core::recv_tick_locked(void* cell) noexcept {
  if (!source_->closes && !receivers_.empty()) return attempt::blocked;
  return take_tick_locked(cell);
}

std::int64_t chan_core::look_at_locked(const wait_node& node) const noexcept {
  return is_timed() && (source_->closes || receivers_.head == &node) ? source_->look_ns() : never_ns;
}

chan_core::attempt chan_core::look_again_locked(const wait_node& node) noexcept {
  if (!is_timed()) return attempt::blocked;
  if (!source_->closes && receivers_.head != &node) return attempt::blocked;
  return take_tick_locked(node.cell);
}

wake_up chan_core::wake_first_to_look_locked() noexcept {
  wait_node* first = receivers_.head;
  // One whose wait has ended leaves its place soon, and wakes the next then.
  if (first == nullptr ||
      first->winner->claim(winner_word::look_again) != winner_word::claim_result::won_parked)
    return {};
  return wake_up(won_waiter{first, true});
}

wake_up chan_core::next_to_look_locked(const wait_node& leaving) noexcept {
  if (!is_timed() || source_->closes || receivers_.head != &leaving) return {};
  receivers_.unlink(*receivers_.head);
  return wake_first_to_look_locked();
}

// Waits until a tick is due, and it is ours.
chan_result chan_core::wait_for_tick(void* cell, wait_limits limits, const void* pc) noexcept {
  any_wait waiting({wait_reason::chan_receive, this, pc}, nullptr, 0);
  wait_node node;
  node.who = &waiting.who();
  node.winner = &waiting.word();
  node.cell = cell;
  enqueue_locked(node, false);
  attempt found = attempt::blocked;
  std::uint32_t winner = winner_word::look_again;
  while (winner == winner_word::look_again && found == attempt::blocked) {
    waiting.look_again_at(look_at_locked(node));
    lock.unlock();
    winner = waiting.wait(limits);
    lock.lock();
    if (winner == winner_word::look_again && !waiting.word().open_again())
      winner = waiting.word().winner();
    if (winner == winner_word::look_again || winner == winner_word::timed_out)
      found = look_again_locked(node);
  }
  const wake_up next = next_to_look_locked(node);
  const bool is_free = dequeue_locked(node);
  lock.unlock();
  next();
  if (is_free) destroy(this);
  if (found != attempt::blocked)
    return found == attempt::done ? chan_result::done : chan_result::closed;
  switch (winner) {
    case winner_word::timed_out: return chan_result::not_ready;
    case winner_word::cancelled: return chan_result::cancelled;
    case winner_word::deadlocked: return chan_result::deadlocked;
    case winner_word::ended: return chan_result::ended;
    default: return chan_result::closed;  // there are no senders
  }
}

bool chan_core::set_source(const tick_source& source) noexcept {
  lock.lock();
  const bool was_pending = source_->due_ns != never_ns;
  *source_ = source;
  const wake_up first = wake_first_to_look_locked();
  lock.unlock();
  first();
  return was_pending;
}

}  // namespace weft::rt

namespace weft::detail {
namespace {

// The source that never fires is one that is stopped. Who is told to fire at that time is pending, for
// longer than the clock goes.
std::int64_t pending(std::int64_t due_ns) noexcept {
  return due_ns == never ? never - 1 : due_ns;
}

}  // namespace

chan_head* timer_chan_make(const chan_type& type, std::int64_t due_ns, std::int64_t period_ns) {
  WEFT_CHECK(type.cell_bytes == sizeof(std::int64_t), "a tick is a count of nanoseconds");
  rt::note_caller();
  return rt::chan_core::make_timed(type, {pending(due_ns), period_ns, false}, __builtin_return_address(0));
}

chan_head* closing_chan_make(const chan_type& type, std::int64_t due_ns) {
  if (due_ns == no_deadline) return rt::chan_core::make(type, 0, nullptr);
  return rt::chan_core::make_timed(type, {due_ns, 0, true}, nullptr);
}

bool timer_chan_set(chan_head* c, std::int64_t due_ns, std::int64_t period_ns) noexcept {
  rt::note_caller();
  return rt::chan_core::of(c).set_source(
      {due_ns == no_wait ? never : pending(due_ns), period_ns, false});
}

}  // namespace weft::detail
