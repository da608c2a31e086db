// The state of one open descriptor: who uses it, who waits for it, until when, and its end.
//
// Everything is guarded by one spin lock a descriptor: the system calls around it cost a hundred
// times what the lock does. No system call is made here; what the outside has to do comes in as an
// `Env`, so that the explorer runs this file with its own. Any task or thread may call everything.
//
// Each side (read, write) counts its events. An operation remembers the count before it tries the
// system call and waits only while the count is still the same, so an event between "would block"
// and the wait is not lost, and events of the past wake nobody in vain.
//
//   unused    on the pool's free list; the generation is that of the next user
//   open      fd is valid. From open() to close()
//   closing   close() was called: every call says so, waiters have been woken, the generation has
//             moved on, so events of the past do nothing. fd stays valid until nobody holds it
//   closed    fd is -1; the slot lives until the last reference is gone, then it is unused
//
// A reference keeps the slot (handle and each operation have one); holding the fd keeps the number
// (an operation does, except while it is parked). A descriptor number is closed by close() itself,
// which waits for holders: they are inside a system call that does not block.
//
// Rejected: one word a side with states nothing/ready/waiter (faster by nanoseconds, one waiter
// only, so several tasks could not accept from one listener); a registration at open (a connection
// that is answered without waiting needs none).
#pragma once

#include <array>
#include <cstdint>

#include "runtime/base/atomic.hpp"
#include "runtime/base/check.hpp"
#include "runtime/base/choose.hpp"
#include "runtime/base/spin_lock.hpp"
#include "runtime/task/wait_node.hpp"

namespace weft::np {

enum class side : std::uint8_t { read = 0, write = 1 };

enum class io_outcome : std::uint8_t {
  go_on,      // hold the fd, try the system call
  not_open,   // closed before the operation began
  closed,     // closed while it was under way
  busy,       // another operation of that side is under way
  timed_out,  // the side's deadline has passed
  failed,     // the poller does not take the descriptor: turn.error
  cancelled,  // see rt::wait_result
  ended,
  deadlocked,
};

enum class access : std::uint8_t {
  one_at_a_time,  // a second operation of that side is told `busy`
  shared,
  brief,  // shared, never waits, so deadlines do not concern it
};

// One operation under way, on its caller's stack.
struct turn {
  side which = side::read;
  access kind = access::one_at_a_time;
  bool active = false;  // began, has not ended: it has a reference
  bool holds_fd = false;
  int fd = -1;  // valid while holds_fd
  int error = 0;  // of `failed`
  std::uint32_t seen = 0;  // the side's event count before the last try
};

// Names one use of one slot; travels through the kernel with every event.
using poll_tag = std::uint64_t;

constexpr poll_tag make_tag(std::uint32_t index, std::uint32_t generation) noexcept {
  return static_cast<poll_tag>(index) << 32 | generation;
}
constexpr std::uint32_t tag_index(poll_tag tag) noexcept {
  return static_cast<std::uint32_t>(tag >> 32);
}
constexpr std::uint32_t tag_generation(poll_tag tag) noexcept {
  return static_cast<std::uint32_t>(tag);
}

class poll_desc {
 public:
  // By the pool, once; the slot is unused.
  void set_index(std::uint32_t index) noexcept { index_ = index; }
  std::uint32_t index() const noexcept { return index_; }

  // unused -> open. The caller has the first reference.
  void open(int fd) noexcept {
    rt::spin_guard guard(lock_);
    fields& s = state_.write();
    WEFT_CHECK(s.fd < 0 && s.refs == 0, "a slot in use is opened");
    s.fd = fd;
    s.refs = 1;
    s.closing = false;
    s.registered_in = 0;
    for (half& h : s.halves) {
      h.busy = false;
      h.deadline_ns = rt::never_ns;
    }
  }

  // Env: now_ns().
  template <class Env>
  io_outcome begin(turn& t, Env& env) noexcept {
    rt::spin_guard guard(lock_);
    fields& s = state_.write();
    half& h = s.of(t.which);
    if (s.closing || s.fd < 0) return io_outcome::not_open;
    if (t.kind == access::one_at_a_time && h.busy) return io_outcome::busy;
    if (t.kind != access::brief && is_past(h.deadline_ns, env)) return io_outcome::timed_out;
    if (t.kind == access::one_at_a_time) h.busy = true;
    ++s.refs;
    ++s.holders;
    t.active = t.holds_fd = true;
    t.fd = s.fd;
    t.seen = h.events;
    return io_outcome::go_on;
  }

  // Between two tries of one operation that did not wait.
  template <class Env>
  io_outcome again(turn& t, Env& env) noexcept {
    rt::spin_guard guard(lock_);
    fields& s = state_.write();
    half& h = s.of(t.which);
    if (s.closing) return io_outcome::closed;
    if (is_past(h.deadline_ns, env)) return io_outcome::timed_out;
    t.seen = h.events;
    return io_outcome::go_on;
  }

  // After "would block": until something has happened to that side since the last try.
  // Env: now_ns(); epoch(), the present run; add(fd, tag), which registers for both sides and
  // returns 0 or the errno value, called under the lock; park(lock, queue, node, deadline_ns), as
  // rt::wait_one_until.
  template <class Env>
  io_outcome wait(turn& t, Env& env) noexcept {
    for (;;) {
      lock_.lock();
      fields& s = state_.write();
      half& h = s.of(t.which);
      if (s.closing) return unlocked(io_outcome::closed);
      if (!t.holds_fd) {
        ++s.holders;
        t.holds_fd = true;
      }
      if (h.events != t.seen) {
        t.seen = h.events;
        return unlocked(io_outcome::go_on);
      }
      if (is_past(h.deadline_ns, env)) return unlocked(io_outcome::timed_out);
      if (s.registered_in != env.epoch()) {
        t.error = env.add(s.fd, make_tag(index_, s.generation));
        if (t.error != 0) return unlocked(io_outcome::failed);
        s.registered_in = env.epoch();
      }
      drop_fd(s, t);
      rt::wait_node node;
      node.amount = plain_wait;
      switch (env.park(lock_, h.waiters, node, h.deadline_ns)) {
        case rt::wait_result::cancelled: return io_outcome::cancelled;
        case rt::wait_result::ended: return io_outcome::ended;
        case rt::wait_result::deadlocked: return io_outcome::deadlocked;
        default: break;  // an event, the end, the deadline or a new one: look
      }
    }
  }

  // For threads that wait by themselves in poll(2) and hold the fd meanwhile: the node is known to
  // close() and set_deadline(), which take it out and call env.wake_outside(node) under the lock.
  // Anything but go_on: do not wait. `deadline_ns` is what to wait for at most.
  template <class Env>
  io_outcome join_outside(turn& t, rt::wait_node& node, std::int64_t& deadline_ns,
                          Env& env) noexcept {
    rt::spin_guard guard(lock_);
    fields& s = state_.write();
    half& h = s.of(t.which);
    if (s.closing) return io_outcome::closed;
    if (is_past(h.deadline_ns, env)) return io_outcome::timed_out;
    deadline_ns = h.deadline_ns;
    s.outside.push_back(node);
    return io_outcome::go_on;
  }

  // True if it had been woken.
  bool leave_outside(rt::wait_node& node) noexcept {
    rt::spin_guard guard(lock_);
    if (!node.is_linked()) return true;
    state_.write().outside.unlink(node);
    return false;
  }

  // True: that was the last reference; the caller gives the slot back to the pool.
  [[nodiscard]] bool end(turn& t) noexcept {
    rt::spin_guard guard(lock_);
    fields& s = state_.write();
    if (t.holds_fd) drop_fd(s, t);
    if (t.kind == access::one_at_a_time) s.of(t.which).busy = false;
    t.active = false;
    return drop_ref(s);
  }

  // From the poller. Events of an earlier use of the slot do nothing. wake(waiter) is called under
  // the lock for each waiter that must be made ready.
  template <class Wake>
  void on_event(std::uint32_t generation, bool readable, bool writable, Wake&& wake) noexcept {
    rt::spin_guard guard(lock_);
    fields& s = state_.write();
    if (s.generation != generation || s.fd < 0) return;
    if (readable) happened(s.of(side::read), rt::wait_result::ok, wake);
    if (writable) happened(s.of(side::write), rt::wait_result::ok, wake);
  }

  // Absolute; rt::never_ns: none. Whoever waits looks at it at once.
  // Env: wake(waiter) and wake_outside(node), called under the lock.
  template <class Env>
  bool set_deadline(bool of_read, bool of_write, std::int64_t deadline_ns, Env& env) noexcept {
    rt::spin_guard guard(lock_);
    fields& s = state_.write();
    if (s.closing || s.fd < 0) return false;
    if (of_read) change_deadline(s.of(side::read), deadline_ns, env);
    if (of_write) change_deadline(s.of(side::write), deadline_ns, env);
    wake_outside(s, env);
    return true;
  }

  // open -> closing -> closed. Returns the number that the caller closes now, or -1 if somebody
  // else was first. Env: as set_deadline(); wake_all_now(), called without the lock after the last
  // wake(); relax(), a turn of a loop that waits for another thread; epoch() and remove(fd), called
  // under the lock if the descriptor is registered in this run.
  template <class Env>
  int close(Env& env) noexcept {
    lock_.lock();
    fields* s = &state_.write();
    if (s->closing || s->fd < 0) {
      lock_.unlock();
      return -1;
    }
    s->closing = true;
    ++s->generation;
    auto wake = [&env](rt::waiter& who) { env.wake(who); };
    happened(s->of(side::read), rt::wait_result::closed, wake);
    happened(s->of(side::write), rt::wait_result::closed, wake);
    wake_outside(*s, env);
    lock_.unlock();
    env.wake_all_now();
    lock_.lock();
    while (s = &state_.write(), s->holders != 0) {
      lock_.unlock();
      env.relax();
      lock_.lock();
    }
    const int fd = s->fd;
    if (s->registered_in != 0 && s->registered_in == env.epoch()) env.remove(fd);
    s->registered_in = 0;
    s->fd = -1;
    lock_.unlock();
    return fd;
  }

  // By the handle, after close(). True: that was the last reference, as in end().
  [[nodiscard]] bool release() noexcept {
    rt::spin_guard guard(lock_);
    return drop_ref(state_.write());
  }

  // --- for select: with lock() held ---

  rt::spin_lock& lock() noexcept { return lock_; }

  // Whether an operation of that side would go on at once, if only to be told an error; registers
  // the descriptor, so that a change from now on is an event. Env: epoch(), add(fd, tag) as wait();
  // is_ready(fd, side), a look that does not wait.
  template <class Env>
  bool is_ready_locked(side which, Env& env) noexcept {
    fields& s = state_.write();
    const std::uint32_t now_in = env.epoch();
    if (s.closing || s.fd < 0 || now_in == 0) return true;
    if (s.registered_in != now_in) {
      if (env.add(s.fd, make_tag(index_, s.generation)) != 0) return true;
      s.registered_in = now_in;
    }
    return env.is_ready(s.fd, which);
  }

  void enqueue_locked(side which, rt::wait_node& node) noexcept {
    state_.write().of(which).waiters.push_back(node);
  }

  void dequeue_locked(side which, rt::wait_node& node) noexcept {
    if (node.is_linked()) state_.write().of(which).waiters.unlink(node);
  }

  // --- the rest ---

  // -1 once closed. Only a hint while others may close it.
  int fd() noexcept {
    rt::spin_guard guard(lock_);
    const fields& s = state_.read();
    return s.closing ? -1 : s.fd;
  }

  // At the end of a run: afterwards everybody sees what the caller wrote before, and whoever still
  // waits (a foreign thread in a select) looks again. wake as in on_event().
  template <class Wake>
  void end_run(Wake&& wake) noexcept {
    rt::spin_guard guard(lock_);
    for (half& h : state_.write().halves) happened(h, rt::wait_result::ok, wake);
  }

  poll_desc* next_free = nullptr;  // under the pool's lock, while unused

 private:
  // In wait_node::amount: woken only to look again is fine. A select's node must not be.
  static constexpr std::uint64_t plain_wait = 1;

  struct half {
    std::uint32_t events = 0;
    bool busy = false;
    std::int64_t deadline_ns = rt::never_ns;
    rt::wait_queue waiters;
  };

  struct fields {
    std::array<half, 2> halves;
    rt::wait_queue outside;  // threads inside poll(2)
    int fd = -1;
    std::uint32_t generation = 1;
    std::uint32_t refs = 0;
    std::uint32_t holders = 0;        // operations that hold the fd
    std::uint32_t registered_in = 0;  // the run whose poller knows the descriptor; 0: none
    bool closing = false;

    half& of(side which) noexcept { return halves[static_cast<std::size_t>(which)]; }
  };

  template <class Env>
  static bool is_past(std::int64_t deadline_ns, Env& env) noexcept {
    return deadline_ns != rt::never_ns && env.now_ns() >= deadline_ns;
  }

  io_outcome unlocked(io_outcome outcome) noexcept {
    lock_.unlock();
    return outcome;
  }

  static void drop_fd(fields& s, turn& t) noexcept {
    WEFT_CHECK(s.holders > 0, "a descriptor is held more often than let go");
    --s.holders;
    t.holds_fd = false;
  }

  static bool drop_ref(fields& s) noexcept {
    WEFT_CHECK(s.refs > 0, "a descriptor has a reference for each release");
    if (--s.refs != 0) return false;
    WEFT_CHECK(s.fd < 0 && s.holders == 0, "a descriptor is closed before it is forgotten");
    return true;
  }

  template <class Wake>
  static void happened(half& h, rt::wait_result what, Wake& wake) noexcept {
    ++h.events;
    while (rt::won_waiter won = rt::take_waiter(h.waiters)) {
      rt::waiter* who = won.node->who;
      won.node->result = what;
      if (won.must_ready) wake(*who);
    }
  }

  template <class Env>
  static void change_deadline(half& h, std::int64_t deadline_ns, Env& env) noexcept {
    h.deadline_ns = deadline_ns;
    for (rt::wait_node* node = h.waiters.head; node != nullptr;) {
      rt::wait_node& here = *node;
      node = node->next;
      if (here.amount != plain_wait) continue;
      h.waiters.unlink(here);
      rt::waiter* who = here.who;
      bool must_ready = false;
      if (!rt::claim_node(here, must_ready)) continue;
      here.result = rt::wait_result::ok;
      if (must_ready) env.wake(*who);
    }
  }

  template <class Env>
  static void wake_outside(fields& s, Env& env) noexcept {
    while (rt::wait_node* node = s.outside.head) {
      s.outside.unlink(*node);
      env.wake_outside(*node);
    }
  }

  std::uint32_t index_ = 0;  // constant
  rt::spin_lock lock_;
  rt::plain<fields> state_;  // under lock_
};

}  // namespace weft::np
