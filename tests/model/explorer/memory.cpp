// The rules of the memory model, as joins of views. See memory.hpp for what is modelled.
#include "explorer/memory.hpp"

namespace weft::model {
namespace {

bool acquires(std::memory_order order) noexcept {
  return order == std::memory_order_acquire || order == std::memory_order_consume ||
         order == std::memory_order_acq_rel || order == std::memory_order_seq_cst;
}
bool releases(std::memory_order order) noexcept {
  return order == std::memory_order_release || order == std::memory_order_acq_rel ||
         order == std::memory_order_seq_cst;
}
bool sequential(std::memory_order order) noexcept {
  return order == std::memory_order_seq_cst;
}

}  // namespace

void memory::reset() {
  for (std::size_t i = 0; i < used_; ++i) {
    at_[i].history.clear();
    at_[i].last_access = {};
    at_[i].futex_seen = 0;
    at_[i].gone = false;
  }
  used_ = 0;
  threads_ = {};
  seq_cst_ = {};
  plain_.clear();
  tick(0);
}

void memory::tick(std::size_t thread) noexcept {
  // What a thread does after publishing a view is not covered by that view.
  thread_views& own = threads_[thread];
  const auto next = static_cast<std::uint16_t>(own.current.clock[thread] + 1);
  own.current.clock[thread] = next;
  own.acquired.clock[thread] = next;
}

void memory::thread_started(std::size_t child, std::size_t parent) {
  threads_[child].current = threads_[parent].current;
  threads_[child].acquired = threads_[parent].current;
  threads_[child].released = {};
  threads_[child].released.seen = {};
  tick(child);
  tick(parent);
}

void memory::thread_joined(std::size_t waiter, std::size_t ended) {
  threads_[waiter].current.join(threads_[ended].current, used_);
  threads_[waiter].acquired.join(threads_[ended].current, used_);
}

std::size_t memory::create(std::size_t thread, std::uint64_t bits, bool outside) {
  const std::size_t index = used_++;
  location_record& made = at_[index];
  made.history.push_back({bits, {}});
  made.creator = thread;
  made.created = outside ? std::uint16_t{0} : threads_[thread].current.clock[thread];
  return index;
}

std::string memory::check_access(std::size_t thread, std::size_t index) {
  location_record& used = at_[index];
  if (used.gone) return "it has been destroyed";
  if (!knows(thread, used.creator, used.created))
    return "its initialisation does not happen before this";
  used.last_access[thread] = threads_[thread].current.clock[thread];
  return {};
}

std::string memory::destroy(std::size_t thread, std::size_t index) {
  location_record& ending = at_[index];
  if (ending.gone) return "it has been destroyed before";
  ending.gone = true;
  if (!knows(thread, ending.creator, ending.created))
    return "its initialisation does not happen before this";
  for (std::size_t other = 0; other < max_threads; ++other) {
    if (ending.last_access[other] != 0 && !knows(thread, other, ending.last_access[other]))
      return "the last access of thread " + std::to_string(other) + " does not happen before this";
  }
  return {};
}

memory::window memory::readable(std::size_t thread, std::size_t index,
                                std::memory_order order) const {
  std::size_t oldest = threads_[thread].current.seen[index];
  // Later in S than every seq_cst store so far: none of them can be missed.
  if (sequential(order)) oldest = std::max<std::size_t>(oldest, seq_cst_.seen[index]);
  return {oldest, newest(index)};
}

void memory::learn(std::size_t thread, const view& message, std::memory_order order) {
  thread_views& own = threads_[thread];
  own.acquired.join(message, used_);
  if (acquires(order)) own.current.join(message, used_);
}

std::uint64_t memory::load(std::size_t thread, std::size_t index, std::size_t chosen,
                           std::memory_order order) {
  thread_views& own = threads_[thread];
  const store_record& read = at_[index].history[chosen];
  own.current.seen[index] = static_cast<std::uint16_t>(chosen);
  own.acquired.seen[index] = std::max(own.acquired.seen[index], static_cast<std::uint16_t>(chosen));
  learn(thread, read.message, order);
  if (sequential(order)) {
    seq_cst_.seen[index] = std::max(seq_cst_.seen[index], static_cast<std::uint16_t>(chosen));
  }
  return read.bits;
}

void memory::append(std::size_t thread, std::size_t index, std::uint64_t bits,
                    std::memory_order order, const view* sequence) {
  thread_views& own = threads_[thread];
  const auto position = static_cast<std::uint16_t>(at_[index].history.size());
  own.current.seen[index] = position;
  own.acquired.seen[index] = position;
  at_[index].history.push_back({bits, releases(order) ? own.current : own.released});
  view& message = at_[index].history.back().message;
  // A read-modify-write continues the release sequence of the store that it replaces.
  if (sequence != nullptr) message.join(*sequence, used_);
  message.seen[index] = position;
  if (sequential(order)) seq_cst_.seen[index] = position;
  tick(thread);
}

void memory::store(std::size_t thread, std::size_t index, std::uint64_t bits,
                   std::memory_order order) {
  append(thread, index, bits, order, nullptr);
}

void memory::update(std::size_t thread, std::size_t index, std::uint64_t bits,
                    std::memory_order order) {
  const view replaced = at_[index].history.back().message;
  learn(thread, replaced, order);
  append(thread, index, bits, order, &replaced);
}

void memory::fence(std::size_t thread, std::memory_order order) {
  thread_views& own = threads_[thread];
  if (acquires(order)) own.current.join(own.acquired, used_);
  if (sequential(order)) {
    // Only what may be read travels through S: a seq_cst fence alone makes nothing happen before.
    own.current.join_seen(seq_cst_, used_);
    seq_cst_.join_seen(own.current, used_);
    own.acquired.join_seen(own.current, used_);
  }
  if (releases(order)) own.released = own.current;
  tick(thread);
}

void memory::barrier_of_all(std::size_t threads) {
  for (std::size_t i = 0; i < threads; ++i) seq_cst_.join_seen(threads_[i].current, used_);
  for (std::size_t i = 0; i < threads; ++i) {
    threads_[i].current.join_seen(seq_cst_, used_);
    threads_[i].acquired.join_seen(seq_cst_, used_);
  }
}

bool memory::refresh(std::size_t thread, std::size_t index) {
  const auto last = static_cast<std::uint16_t>(newest(index));
  thread_views& own = threads_[thread];
  if (own.current.seen[index] >= last) return false;
  own.current.seen[index] = last;
  own.acquired.seen[index] = last;
  return true;
}

memory::window memory::futex_readable(std::size_t thread, std::size_t index) const {
  const std::size_t known = threads_[thread].current.seen[index];
  return {std::max(known, at_[index].futex_seen), newest(index)};
}

void memory::futex_woken(std::size_t thread, std::size_t index) {
  location_record& word = at_[index];
  word.futex_seen = std::max<std::size_t>(word.futex_seen, threads_[thread].current.seen[index]);
}

void memory::read_before(std::size_t thread, std::size_t index) {
  refresh(thread, index);
  threads_[thread].acquired.join(at_[index].history.back().message, used_);
}

std::size_t memory::create_plain() {
  plain_.emplace_back();
  return plain_.size() - 1;
}

int memory::plain_read(std::size_t thread, std::size_t index) {
  plain_record& used = plain_[index];
  used.read[thread] = threads_[thread].current.clock[thread];
  return knows(thread, used.writer, used.written) ? -1 : static_cast<int>(used.writer);
}

int memory::plain_write(std::size_t thread, std::size_t index) {
  plain_record& used = plain_[index];
  const int racing = knows(thread, used.writer, used.written) ? -1 : static_cast<int>(used.writer);
  used.writer = thread;
  used.written = threads_[thread].current.clock[thread];
  if (racing >= 0) return racing;
  for (std::size_t other = 0; other < max_threads; ++other) {
    if (used.read[other] != 0 && !knows(thread, other, used.read[other]))
      return static_cast<int>(other);
  }
  return -1;
}

}  // namespace weft::model
