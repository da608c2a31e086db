// Life, waiting and closing of a channel. The paths that do not wait are in the header.
#include "runtime/chan/chan_core.hpp"

#include <limits>
#include <memory>
#include <new>

#include <weft/error.hpp>
#include "runtime/base/choose.hpp"
#include "runtime/chan/chan_info.hpp"

namespace weft::rt {
namespace {

chan_result result_of(wait_result result) noexcept {
  switch (result) {
    case wait_result::ok: return chan_result::done;
    case wait_result::closed: return chan_result::closed;
    case wait_result::timed_out: return chan_result::not_ready;
    case wait_result::cancelled: return chan_result::cancelled;
    case wait_result::ended: return chan_result::ended;
    case wait_result::deadlocked: return chan_result::deadlocked;
    case wait_result::pending: break;
  }
  check_failed("result != pending", "a wait for a channel ended without a result", __FILE__,
               __LINE__);
}

}  // namespace

chan_core* chan_core::make(const weft::detail::chan_type& type, std::size_t cap, const void* pc) {
  constexpr std::size_t most = std::numeric_limits<std::ptrdiff_t>::max() / 16;
  if (cap > most || (type.cell_bytes != 0 && cap > most / type.cell_bytes))
    throw error("make_chan: the capacity is larger than any memory");
  // Aligned by hand: the allocator's aligned form costs several times as much.
  void* memory = ::operator new(sizeof(chan_core) + alignof(chan_core) + cap * type.cell_bytes);
  const auto at = reinterpret_cast<std::uintptr_t>(memory) + alignof(chan_core) - 1;
  return ::new (reinterpret_cast<void*>(at & ~(alignof(chan_core) - 1)))
      chan_core(type, cap, pc, memory);
}

chan_core* chan_core::make_timed(const weft::detail::chan_type& type, const tick_source& source,
                                 const void* pc) {
  auto owned = std::make_unique<tick_source>(source);
  chan_core* core = make(type, 0, pc);
  core->source_ = owned.release();
  core->state.store(senders, std::memory_order_relaxed);
  return core;
}

void chan_core::destroy(chan_core* core) noexcept {
  WEFT_DCHECK(core->senders_.empty() && core->receivers_.empty(), "a channel ends while it is used");
  if (core->type->drop != nullptr) {
    const std::size_t count = core->state_locked() / one;
    for (std::size_t i = 0; i < count; ++i) {
      core->type->drop(core->cell_at(core->first_));
      if (++core->first_ == core->cap) core->first_ = 0;
    }
  }
  delete core->source_;
  void* memory = core->memory_;
  core->~chan_core();
  ::operator delete(memory);
}

void chan_core::abandon() noexcept {
  lock.lock();
  is_abandoned_ = true;
  const bool is_free = parked_ == 0;
  lock.unlock();
  if (is_free) destroy(this);
}

void chan_core::enqueue_locked(wait_node& node, bool to_send) noexcept {
  ++parked_;
  (to_send ? senders_ : receivers_).push_back(node);
  const std::uint64_t flag = to_send ? senders : receivers;
  const std::uint64_t seen = state_locked();
  if ((seen & flag) == 0) set_state_locked(seen | flag);
}

bool chan_core::dequeue_locked(wait_node& node) noexcept {
  if (node.is_linked()) node.queue->unlink(node);
  const std::uint64_t seen = state_locked();
  const std::uint64_t now = with_true_flags(seen);
  if (now != seen) set_state_locked(now);
  return --parked_ == 0 && is_abandoned_;
}

void chan_core::leave(wait_node& node) noexcept {
  lock.lock();
  const bool is_free = dequeue_locked(node);
  lock.unlock();
  if (is_free) destroy(this);
}

inline chan_result chan_core::wait(wait_node& node, bool to_send, const void* pc) noexcept {
  const wait_place place{to_send ? wait_reason::chan_send : wait_reason::chan_receive, this, pc};
  ++parked_;
  const std::uint64_t flag = to_send ? senders : receivers;
  const std::uint64_t seen = state_locked();
  if ((seen & flag) == 0) set_state_locked(seen | flag);
  const wait_result result = wait_one(lock, to_send ? senders_ : receivers_, node, place);
  // A waker has counted us off, and the channel may be gone; a canceller knows nothing of that.
  if (result != wait_result::ok && result != wait_result::closed) leave(node);
  return result_of(result);
}

chan_result chan_core::wait_to_send(const void* cell, const void* pc) noexcept {
  wait_node node;
  node.cell = const_cast<void*>(cell);  // a receiver only reads it
  return wait(node, true, pc);
}

chan_result chan_core::wait_to_recv(void* cell, const void* pc) noexcept {
  wait_node node;
  node.cell = cell;
  if (is_timed()) return wait_for_tick(cell, never_ns, pc);
  return wait(node, false, pc);
}

chan_result chan_core::wait_to_send(const void* cell, wait_limits limits,
                                    const void* pc) noexcept {
  wait_node node;
  node.cell = const_cast<void*>(cell);
  return wait_until(node, true, limits, pc);
}

chan_result chan_core::wait_to_recv(void* cell, wait_limits limits, const void* pc) noexcept {
  wait_node node;
  node.cell = cell;
  if (is_timed()) return wait_for_tick(cell, limits, pc);
  return wait_until(node, false, limits, pc);
}

chan_result chan_core::wait_until(wait_node& node, bool to_send, wait_limits limits,
                                  const void* pc) noexcept {
  if (limits.is_none()) return wait(node, to_send, pc);
  const wait_place place{to_send ? wait_reason::chan_send : wait_reason::chan_receive, this, pc};
  any_wait waiting(place, nullptr, 0);
  node.who = &waiting.who();
  node.winner = &waiting.word();
  enqueue_locked(node, to_send);
  lock.unlock();
  const std::uint32_t winner = waiting.wait(limits);
  leave(node);  // also waits for the end of the waker's critical section, which wrote the result
  switch (winner) {
    case winner_word::timed_out: return chan_result::not_ready;
    case winner_word::cancelled: return chan_result::cancelled;
    case winner_word::deadlocked: return chan_result::deadlocked;
    case winner_word::ended: return chan_result::ended;
    default: return result_of(node.result);
  }
}

bool chan_core::close() noexcept {
  wait_chain parked;
  lock.lock();
  const std::uint64_t seen = state_locked();
  if ((seen & closed) != 0) {
    lock.unlock();
    return false;
  }
  for (wait_queue* queue : {&receivers_, &senders_}) {
    while (const won_waiter won = take_waiter(*queue)) {
      wake_up wake;
      end_wait_locked(won, wait_result::closed, wake);
      parked.add(won);
    }
  }
  set_state_locked((seen & ~(senders | receivers)) | closed);
  lock.unlock();
  parked.make_all_ready();
  return true;
}

void chan_core::count_waiters_locked(std::uint32_t& to_send,
                                     std::uint32_t& to_recv) const noexcept {
  to_send = to_recv = 0;
  for (const wait_node* n = senders_.head; n != nullptr; n = n->next) ++to_send;
  for (const wait_node* n = receivers_.head; n != nullptr; n = n->next) ++to_recv;
}

namespace {

// "... [with T = int]" (gcc), "... [T = int]" (clang); gcc may add other parameters after a ';'.
std::string_view type_in(std::string_view pretty) noexcept {
  const std::size_t at = pretty.find("T = ");
  if (at == std::string_view::npos) return {};
  pretty.remove_prefix(at + 4);
  if (!pretty.empty() && pretty.back() == ']') pretty.remove_suffix(1);
  return pretty.substr(0, pretty.find("; "));
}

}  // namespace

chan_info describe_chan(const void* core) noexcept {
  chan_info info;
  if (core == nullptr) return info;
  auto& c = *static_cast<chan_core*>(const_cast<void*>(core));
  const std::uint64_t seen = c.look();
  info.type = type_in(c.type->pretty);
  info.cap = c.cap;
  info.len = seen / chan_head::one;
  info.closed = (seen & chan_head::closed) != 0;
  info.handles = c.refs.load(std::memory_order_relaxed);
  info.made_at = c.made_at();
  if (c.lock.try_lock()) {
    c.count_waiters_locked(info.waiting_senders, info.waiting_receivers);
    c.lock.unlock();
  }
  return info;
}

}  // namespace weft::rt
