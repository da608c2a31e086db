// The wait node and the wait queue: how everything that can be waited for knows its waiters.
//
// A node lives on its waiter's stack and is linked into the queue of the thing waited for, under
// that thing's lock. Who ends the wait unlinks the node, writes its result, and makes the waiter
// ready; after ready() the node may be gone and must not be touched.
//
// Every function needs the lock of the queue's owner.
#pragma once

#include <cstdint>

#include "runtime/base/check.hpp"
#include "runtime/task/winner.hpp"

namespace weft::rt {

struct waiter;

enum class wait_result : std::uint8_t {
  pending,     // nobody has ended the wait yet
  ok,          // what was waited for happened
  closed,      // the channel (or descriptor) was closed
  timed_out,   // the deadline came first
  cancelled,   // the task was cancelled before what it waited for happened
  ended,       // the context that the wait stands under has ended
  deadlocked,  // the detector ended the wait (options.on_deadlock = unwind)
};

struct wait_queue;

struct wait_node {
  // Constant during a wait.
  waiter* who = nullptr;
  winner_word* winner = nullptr;  // null: a wait for one thing
  void* cell = nullptr;           // where the value lies (send) or goes (receive); else unused
  std::uint64_t amount = 0;       // for the primitive: units wanted, mode ...
  std::uint32_t index = 0;        // which case of the select

  // Under the lock of the queue's owner.
  wait_result result = wait_result::pending;
  wait_queue* queue = nullptr;  // non-null exactly while linked
  wait_node* next = nullptr;
  wait_node* prev = nullptr;

  bool is_linked() const noexcept { return queue != nullptr; }
};

// First in, first out. All zero is a valid empty queue.
struct wait_queue {
  wait_node* head = nullptr;
  wait_node* tail = nullptr;

  bool empty() const noexcept { return head == nullptr; }

  void push_back(wait_node& node) noexcept {
    WEFT_DCHECK(!node.is_linked(), "a wait node is linked once");
    node.queue = this;
    node.next = nullptr;
    node.prev = tail;
    (tail != nullptr ? tail->next : head) = &node;
    tail = &node;
  }

  void push_front(wait_node& node) noexcept {
    WEFT_DCHECK(!node.is_linked(), "a wait node is linked once");
    node.queue = this;
    node.prev = nullptr;
    node.next = head;
    (head != nullptr ? head->prev : tail) = &node;
    head = &node;
  }

  void unlink(wait_node& node) noexcept {
    WEFT_DCHECK(node.queue == this, "the node waits in another queue");
    (node.prev != nullptr ? node.prev->next : head) = node.next;
    (node.next != nullptr ? node.next->prev : tail) = node.prev;
    node.queue = nullptr;
  }
};

// The first waiter that could be won, unlinked; nodes of selects that were won elsewhere are
// dropped on the way. `must_ready` tells whether the winner has to make it ready (a select that has
// not parked yet goes on by itself). Null if nobody waits.
struct won_waiter {
  wait_node* node = nullptr;
  bool must_ready = false;
  explicit operator bool() const noexcept { return node != nullptr; }
};

inline bool claim_node(wait_node& node, bool& must_ready) noexcept {
  must_ready = true;
  if (node.winner == nullptr) return true;
  const auto claimed = node.winner->claim(node.index);
  must_ready = claimed == winner_word::claim_result::won_parked;
  return claimed != winner_word::claim_result::lost;
}

inline won_waiter take_waiter(wait_queue& queue) noexcept {
  while (wait_node* node = queue.head) {
    queue.unlink(*node);
    __builtin_prefetch(queue.head, 1);  // on another stack, which nobody has touched for a while
    won_waiter won{node, false};
    if (claim_node(*node, won.must_ready)) return won;
  }
  return {};
}

}  // namespace weft::rt
