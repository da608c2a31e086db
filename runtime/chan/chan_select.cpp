// The two kinds of case that channels bring: receive and send.
#include "runtime/chan/chan_select.hpp"

namespace weft::rt {
namespace {

spin_lock& lock_of(void* object) noexcept {
  return static_cast<chan_core*>(static_cast<chan_head*>(object))->lock;
}

void enqueue_receiver(select_case& c, wait_node& node) noexcept {
  chan_of(c).enqueue_locked(node, false);
}

void enqueue_sender(select_case& c, wait_node& node) noexcept {
  chan_of(c).enqueue_locked(node, true);
}

// What is left to do: end the channel (noted as itself), or wake the next to look at its clock, in
// which case it has somebody who waits and does not end.
void dequeue(select_case& c, wait_node& node) noexcept {
  c.note = chan_of(c).next_to_look_locked(node).who;
  if (chan_of(c).dequeue_locked(node)) c.note = c.object;
}

void left(select_case& c) noexcept {
  if (c.note == nullptr) return;
  if (c.note == c.object)
    chan_core::destroy(&chan_of(c));
  else
    make_ready(*static_cast<waiter*>(c.note));
}

}  // namespace
}  // namespace weft::rt

namespace weft::detail {

const rt::select_ops chan_recv_ops = {rt::wait_reason::chan_receive,
                                      &rt::lock_of,
                                      &rt::chan_recv_looks_ready,
                                      &rt::chan_recv_poll_locked,
                                      &rt::enqueue_receiver,
                                      &rt::dequeue,
                                      &rt::left};

const rt::select_ops chan_send_ops = {rt::wait_reason::chan_send,
                                      &rt::lock_of,
                                      &rt::chan_send_looks_ready,
                                      &rt::chan_send_poll_locked,
                                      &rt::enqueue_sender,
                                      &rt::dequeue,
                                      &rt::left};

}  // namespace weft::detail
