// The calls of the typed shell: checkpoint, one attempt under the lock, else a wait.
#include <weft/detail/chan_core.hpp>

#include <weft/error.hpp>
#include "runtime/base/choose.hpp"
#include "runtime/chan/chan_core.hpp"

namespace weft::detail {

using rt::chan_core;

namespace {

// Nobody can end it but a canceller or the time.
chan_result wait_on_nil(bool to_send, rt::wait_limits limits, const void* pc) noexcept {
  const rt::wait_place place{
      to_send ? rt::wait_reason::nil_chan_send : rt::wait_reason::nil_chan_receive, nullptr, pc};
  rt::spin_lock lock;
  rt::wait_queue nobody;
  rt::wait_node node;
  lock.lock();
  switch (rt::wait_one_until(lock, nobody, node, place, limits)) {
    case rt::wait_result::cancelled: return chan_result::cancelled;
    case rt::wait_result::ended: return chan_result::ended;
    case rt::wait_result::deadlocked: return chan_result::deadlocked;
    default: return chan_result::not_ready;
  }
}

bool has_passed(std::int64_t deadline_ns) noexcept {
  return deadline_ns != no_deadline && (deadline_ns == no_wait || deadline_ns <= rt::now_ns());
}

[[gnu::always_inline]] inline chan_result send(chan_head* head, const void* cell,
                                               rt::wait_limits limits, const void* pc) noexcept {
  if (head == nullptr) [[unlikely]]
    return has_passed(limits.deadline_ns) ? chan_result::not_ready : wait_on_nil(true, limits, pc);
  chan_core& core = chan_core::of(head);
  rt::wake_up wake;
  core.lock.lock();
  const chan_core::attempt attempt = core.send_locked(cell, wake);
  if (attempt == chan_core::attempt::blocked && !has_passed(limits.deadline_ns))
    return limits.is_none() ? core.wait_to_send(cell, pc) : core.wait_to_send(cell, limits, pc);
  core.lock.unlock();
  wake();
  switch (attempt) {
    case chan_core::attempt::done: return chan_result::done;
    case chan_core::attempt::closed: return chan_result::closed;
    default: return chan_result::not_ready;
  }
}

[[gnu::always_inline]] inline chan_result recv(chan_head* head, void* cell,
                                               rt::wait_limits limits, const void* pc) noexcept {
  if (head == nullptr) [[unlikely]]
    return has_passed(limits.deadline_ns) ? chan_result::not_ready : wait_on_nil(false, limits, pc);
  chan_core& core = chan_core::of(head);
  rt::wake_up wake;
  core.lock.lock();
  const chan_core::attempt attempt = core.recv_locked(cell, wake);
  if (attempt == chan_core::attempt::blocked && !has_passed(limits.deadline_ns))
    return limits.is_none() ? core.wait_to_recv(cell, pc) : core.wait_to_recv(cell, limits, pc);
  core.lock.unlock();
  wake();
  switch (attempt) {
    case chan_core::attempt::done: return chan_result::done;
    case chan_core::attempt::closed: return chan_result::closed;
    default: return chan_result::not_ready;
  }
}

}  // namespace

chan_head* chan_make(const chan_type& type, std::size_t cap) {
  rt::note_caller();
  return chan_core::make(type, cap, __builtin_return_address(0));
}

void chan_free(chan_head* c) noexcept { chan_core::of(c).abandon(); }

void chan_close(chan_head* c) {
  rt::note_caller();
  if (c == nullptr) throw closed_channel("close of a nil channel");
  if (!chan_core::of(c).close()) throw closed_channel("close of a closed channel");
}

void chan_checkpoint(rt::end_signal* under) {
  rt::checkpoint();
  rt::check_end(under);
}

void chan_raise(chan_result why, rt::end_signal* under) {
  switch (why) {
    case chan_result::ended: rt::throw_ended(*under);
    case chan_result::cancelled: rt::throw_if_interrupted(rt::wait_result::cancelled); break;
    case chan_result::deadlocked: rt::throw_if_interrupted(rt::wait_result::deadlocked); break;
    default: break;
  }
  throw closed_channel("the channel is closed");
}

[[gnu::noinline]] void chan_send(chan_head* c, const void* cell) {
  rt::checkpoint();
  const chan_result result = send(c, cell, no_deadline, __builtin_return_address(0));
  if (result != chan_result::done) [[unlikely]]
    chan_raise(result);
}

[[gnu::noinline]] chan_result chan_send_until(chan_head* c, const void* cell,
                                              std::int64_t deadline_ns, const void* pc,
                                              rt::end_signal* under) noexcept {
  if (deadline_ns == no_wait) rt::note_caller();
  return send(c, cell, {deadline_ns, under}, pc != nullptr ? pc : __builtin_return_address(0));
}

[[gnu::noinline]] bool chan_recv(chan_head* c, void* cell) {
  rt::checkpoint();
  const chan_result result = recv(c, cell, no_deadline, __builtin_return_address(0));
  if (result == chan_result::done) [[likely]]
    return true;
  if (result != chan_result::closed) chan_raise(result);
  return false;
}

[[gnu::noinline]] chan_result chan_recv_until(chan_head* c, void* cell, std::int64_t deadline_ns,
                                              const void* pc, rt::end_signal* under) {
  if (deadline_ns != no_wait)
    chan_checkpoint(under);
  else
    rt::note_caller();
  const chan_result result =
      recv(c, cell, {deadline_ns, under}, pc != nullptr ? pc : __builtin_return_address(0));
  if (result == chan_result::cancelled || result == chan_result::deadlocked ||
      result == chan_result::ended)
    chan_raise(result, under);
  return result;
}

}  // namespace weft::detail
