#include "netpoll/backend_fake.hpp"

#include <errno.h>

#include <chrono>
#include <utility>

#include "runtime/base/choose.hpp"

namespace weft::np {

int backend_fake::open() noexcept {
  std::lock_guard guard(lock_);
  interrupted_ = false;
  return std::exchange(open_error_, 0);
}

void backend_fake::close() noexcept {
  std::lock_guard guard(lock_);
  registered_.clear();
  events_.clear();
}

int backend_fake::add(int fd, poll_tag tag) noexcept {
  std::lock_guard guard(lock_);
  if (const int error = std::exchange(add_error_, 0)) return error;
  if (!registered_.emplace(fd, tag).second) return EEXIST;
  ++add_count_;
  return 0;
}

int backend_fake::remove(int fd) noexcept {
  std::lock_guard guard(lock_);
  return registered_.erase(fd) != 0 ? 0 : ENOENT;
}

int backend_fake::wait(std::int64_t timeout_ns, io_event* out, int capacity) noexcept {
  std::unique_lock guard(lock_);
  if (timeout_ns > 0) {
    const auto something = [this] { return interrupted_ || !events_.empty(); };
    waiting_ = true;
    if (timeout_ns == rt::never_ns)
      changed_.wait(guard, something);
    else
      changed_.wait_for(guard, std::chrono::nanoseconds(timeout_ns), something);
    waiting_ = false;
    interrupted_ = false;
  }
  int count = 0;
  while (count < capacity && !events_.empty()) {
    out[count++] = events_.front();
    events_.pop_front();
  }
  return count;
}

void backend_fake::interrupt() noexcept {
  std::lock_guard guard(lock_);
  interrupted_ = true;
  changed_.notify_all();
}

void backend_fake::make_ready(int fd, bool readable, bool writable) {
  std::lock_guard guard(lock_);
  const auto found = registered_.find(fd);
  if (found == registered_.end()) return;
  events_.push_back({found->second, readable, writable});
  changed_.notify_all();
}

void backend_fake::deliver(io_event stale) {
  std::lock_guard guard(lock_);
  events_.push_back(stale);
  changed_.notify_all();
}

void backend_fake::fail_next_add(int error) {
  std::lock_guard guard(lock_);
  add_error_ = error;
}

bool backend_fake::is_registered(int fd) {
  std::lock_guard guard(lock_);
  return registered_.count(fd) != 0;
}

poll_tag backend_fake::tag_of(int fd) {
  std::lock_guard guard(lock_);
  const auto found = registered_.find(fd);
  return found == registered_.end() ? 0 : found->second;
}

int backend_fake::add_count() {
  std::lock_guard guard(lock_);
  return add_count_;
}

bool backend_fake::is_waiting() {
  std::lock_guard guard(lock_);
  return waiting_;
}

}  // namespace weft::np
