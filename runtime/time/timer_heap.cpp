#include "runtime/time/timer_heap.hpp"

#include <algorithm>
#include <bit>
#include <cstdlib>

#include "runtime/base/check.hpp"

namespace weft::rt {

timer_heap::~timer_heap() {
  WEFT_DCHECK(size() == 0, "timers are still armed in a heap that goes away");
  for (entry* chunk : chunks_) std::free(chunk);
}

// Positions count from 1; position p lies at p - 1 + first_chunk in an array whose first
// first_chunk places do not exist, so the highest bit names the chunk.
std::uint32_t timer_heap::chunk_of(std::uint32_t position) noexcept {
  const auto place = static_cast<std::uint32_t>(position - 1 + first_chunk);
  return static_cast<std::uint32_t>(std::bit_width(place) - std::bit_width(first_chunk));
}

timer_heap::entry& timer_heap::at(std::uint32_t position) noexcept {
  const std::uint32_t chunk = chunk_of(position);
  return chunks_[chunk][position - 1 + first_chunk - (first_chunk << chunk)];
}

void timer_heap::put(std::uint32_t position, const entry& item) noexcept {
  at(position) = item;
  item.timer->position = position;
}

// Both walk a hole to where the item belongs.
void timer_heap::sift_up(std::uint32_t position, const entry& item) noexcept {
  while (position > 1) {
    const std::uint32_t parent = (position - 2) / arity + 1;
    if (!item.before(at(parent))) break;
    put(position, at(parent));
    position = parent;
  }
  put(position, item);
}

void timer_heap::sift_down(std::uint32_t position, const entry& item) noexcept {
  const std::uint32_t size = size_.load(std::memory_order_relaxed);
  for (;;) {
    const std::uint64_t first = std::uint64_t{position - 1} * arity + 2;
    if (first > size) break;
    const std::uint64_t last = std::min<std::uint64_t>(first + arity - 1, size);
    auto best = static_cast<std::uint32_t>(first);
    for (std::uint64_t child = first + 1; child <= last; ++child)
      if (const auto c = static_cast<std::uint32_t>(child); at(c).before(at(best))) best = c;
    if (!at(best).before(item)) break;
    put(position, at(best));
    position = best;
  }
  put(position, item);
}

void timer_heap::remove_locked(timer_node& timer) noexcept {
  const std::uint32_t hole = timer.position;
  const std::uint32_t size = size_.load(std::memory_order_relaxed);
  WEFT_DCHECK(hole >= 1 && hole <= size && at(hole).timer == &timer, "a timer is out of its place");
  const entry last = at(size);
  size_.store(size - 1, std::memory_order_relaxed);
  timer.position = 0;
  if (last.timer == &timer) return;
  if (hole > 1 && last.before(at((hole - 2) / arity + 1)))
    sift_up(hole, last);
  else
    sift_down(hole, last);
}

void timer_heap::publish_locked() noexcept {
  const std::int64_t next = size_.load(std::memory_order_relaxed) == 0 ? never_ns : at(1).when_ns;
  // Pairs with next_ns().
  if (next_ns_.load(std::memory_order_relaxed) != next)
    next_ns_.store(next, WEFT_ORDER("timer_heap.publish", std::memory_order_release));
}

void timer_heap::grow() noexcept {
  const std::uint32_t capacity = capacity_.load(std::memory_order_relaxed);
  const std::uint32_t chunk = chunk_of(capacity + 1);
  if (chunk >= max_chunks) fatal("too many timers are armed at once");
  const std::uint32_t count = first_chunk << chunk;
  auto* fresh = static_cast<entry*>(std::malloc(sizeof(entry) * count));
  if (fresh == nullptr) fatal("out of memory while arming a timer");
  {
    spin_guard guard(lock_);
    if (capacity_.load(std::memory_order_relaxed) == capacity) {
      chunks_[chunk] = fresh;
      capacity_.store(capacity + count, std::memory_order_relaxed);
      fresh = nullptr;
    }
  }
  std::free(fresh);  // another thread was faster
}

bool timer_heap::arm(timer_node& timer, std::int64_t when_ns) noexcept {
  WEFT_DCHECK(timer.position == 0, "a timer is armed once");
  lock_.lock();
  while (size_.load(std::memory_order_relaxed) == capacity_.load(std::memory_order_relaxed)) {
    lock_.unlock();
    grow();
    lock_.lock();
  }
  timer.heap = this;
  timer.when_ns = when_ns;
  const std::uint32_t position = size_.load(std::memory_order_relaxed) + 1;
  size_.store(position, std::memory_order_relaxed);
  sift_up(position, {when_ns, next_sequence_++, &timer});
  const bool is_earliest = timer.position == 1;
  publish_locked();
  lock_.unlock();
  return is_earliest;
}

bool timer_heap::disarm(timer_node& timer) noexcept {
  timer_heap* heap = timer.heap;
  if (heap == nullptr) return false;
  // Taken also for a timer that has fired: fire() runs under the lock, so it is over afterwards.
  spin_guard guard(heap->lock_);
  if (timer.position == 0) return false;
  heap->remove_locked(timer);
  heap->publish_locked();
  return true;
}

void timer_heap::forget_all() noexcept {
  spin_guard guard(lock_);
  size_.store(0, std::memory_order_relaxed);
  publish_locked();
}

int timer_heap::fire_due(std::int64_t now_ns) noexcept {
  int fired = 0;
  while (next_ns() <= now_ns) {
    spin_guard guard(lock_);
    int turn = 0;
    while (turn < fired_per_turn && size_.load(std::memory_order_relaxed) != 0 &&
           at(1).when_ns <= now_ns) {
      timer_node& timer = *at(1).timer;
      remove_locked(timer);
      publish_locked();
      timer.fire(timer);
      ++turn;
    }
    fired += turn;
  }
  return fired;
}

}  // namespace weft::rt
