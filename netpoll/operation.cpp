#include "netpoll/operation.hpp"

#include <errno.h>
#include <sched.h>
#include <unistd.h>

#include "netpoll/backend.hpp"
#include "netpoll/poll_pool.hpp"
#include "netpoll/poller.hpp"
#include "netpoll/thread_poll.hpp"
#include "runtime/task/park.hpp"
#include "runtime/task/thread_waiter.hpp"
#include "runtime/task/wait.hpp"

namespace weft::np {
namespace {

// What poll_desc asks of an operation's caller.
struct waiting_env {
  const rt::wait_place* place = nullptr;
  rt::end_signal* under = nullptr;

  std::int64_t now_ns() const noexcept { return rt::now_ns(); }
  std::uint32_t epoch() const noexcept { return current_epoch(); }
  int add(int fd, poll_tag tag) const noexcept { return add_to_poller(fd, tag); }

  rt::wait_result park(rt::spin_lock& lock, rt::wait_queue& queue, rt::wait_node& node,
                       std::int64_t deadline_ns) const noexcept {
    rt::io_wait_begin();
    const rt::wait_result result = rt::wait_one_until(lock, queue, node, *place, {deadline_ns, under});
    rt::io_wait_end();
    return result;
  }
};

// What it asks of whoever ends waits from outside the poller.
struct ending_env {
  ready_list ready;
  int spins = 0;

  void wake(rt::waiter& who) noexcept {
    if (who.kind == rt::waiter_kind::task)
      ready.push_back(static_cast<rt::task&>(who));
    else
      static_cast<rt::thread_waiter&>(who).ready();
  }
  void wake_outside(rt::wait_node& node) const noexcept {
    static_cast<thread_wake*>(node.cell)->wake();
  }
  void wake_all_now() noexcept {
    while (rt::task* first = ready.head) {
      ready.head = first->next;
      rt::ready_task(*first);
    }
    ready = {};
  }
  // Holders are inside a system call that does not block, or on their way out of poll(2).
  void relax() noexcept {
    if (++spins % 64 == 0)
      ::sched_yield();
    else
      rt::cpu_relax();
  }
  std::uint32_t epoch() const noexcept { return current_epoch(); }
  void remove(int fd) const noexcept { remove_from_poller(fd); }
};

// By a thread that waits in poll(2) under a context: its end wakes the thread.
class wake_at_end : rt::end_hook {
 public:
  wake_at_end(rt::end_signal* under, thread_wake& wake) noexcept : under_(under), wake_(wake) {
    if (under_ == nullptr) return;
    fire = [](rt::end_hook& self) noexcept {
      auto& waking = static_cast<wake_at_end&>(self);
      waking.wake_.wake();
      waking.fired_.store(true, std::memory_order_release);  // the last touch
    };
    rt::spin_guard guard(under_->lock);
    if (under_->reason.load(std::memory_order_relaxed) == rt::end_reason::none)
      under_->add_hook_locked(*this);
    else
      has_ended_ = true;
  }
  wake_at_end(const wake_at_end&) = delete;
  wake_at_end& operator=(const wake_at_end&) = delete;

  // It had ended before: do not wait.
  bool has_ended() const noexcept { return has_ended_; }

  std::int64_t earlier(std::int64_t deadline_ns) const noexcept {
    return under_ != nullptr && under_->deadline_ns < deadline_ns ? under_->deadline_ns
                                                                   : deadline_ns;
  }

  // After the wait. True: the thread was woken.
  bool take_back() noexcept {
    if (under_ == nullptr || has_ended_) return false;
    {
      rt::spin_guard guard(under_->lock);
      if (under_->remove_hook_locked(*this)) return false;
    }
    // Pairs with the store of whoever fires it, who must not find us gone.
    while (!fired_.load(std::memory_order_acquire)) ::sched_yield();
    return true;
  }

 private:
  rt::end_signal* const under_;
  thread_wake& wake_;
  bool has_ended_ = false;
  rt::atomic<bool> fired_{false};
};

}  // namespace

operation::operation(poll_desc* desc, side which, access kind, rt::end_signal* under) noexcept
    : desc_(desc), under_(under), outcome_(io_outcome::not_open) {
  turn_.which = which;
  turn_.kind = kind;
  if (desc_ == nullptr) return;
  waiting_env env;
  outcome_ = under_ != nullptr && under_->has_ended() ? io_outcome::ended
                                                      : desc_->begin(turn_, env);
}

operation::~operation() {
  if (turn_.active && desc_->end(turn_)) free_desc(*desc_);
}

void operation::wait(const rt::wait_place& place) {
  if (rt::current_task() == nullptr) return wait_outside();
  waiting_env env{&place, under_};
  outcome_ = desc_->wait(turn_, env);
  if (outcome_ == io_outcome::cancelled) rt::throw_if_interrupted(rt::wait_result::cancelled);
  if (outcome_ == io_outcome::deadlocked) rt::throw_if_interrupted(rt::wait_result::deadlocked);
}

void operation::wait_outside() noexcept {
  rt::thread_waiter::here();  // the thread counts from now on
  thread_wake& wake = thread_wake::here();
  if (wake.error() != 0) return fail(wake.error());
  waiting_env env;
  rt::wait_node node;
  node.cell = &wake;
  std::int64_t deadline_ns = rt::never_ns;
  outcome_ = desc_->join_outside(turn_, node, deadline_ns, env);
  if (outcome_ != io_outcome::go_on) return;
  wake_at_end waking(under_, wake);
  int error = 0;
  if (!waking.has_ended())
    error = wake.wait(turn_.fd, turn_.which, waking.earlier(deadline_ns));
  const bool woken_by_end = waking.take_back();
  if (desc_->leave_outside(node) || woken_by_end) wake.drain();
  if (error != 0) return fail(error);
  again();
}

void operation::again() noexcept {
  waiting_env env;
  outcome_ = under_ != nullptr && under_->has_ended() ? io_outcome::ended
                                                      : desc_->again(turn_, env);
}

std::error_code operation::error() const noexcept {
  const auto of = [](int number) { return std::error_code(number, std::system_category()); };
  switch (outcome_) {
    case io_outcome::go_on: return {};
    case io_outcome::not_open: return of(EBADF);
    case io_outcome::busy: return of(EINPROGRESS);
    case io_outcome::timed_out: return of(ETIMEDOUT);
    case io_outcome::failed: return of(turn_.error);
    case io_outcome::ended: return rt::error_of(*under_);
    case io_outcome::closed:
    case io_outcome::cancelled:
    case io_outcome::deadlocked: break;
  }
  return of(ECANCELED);
}

poll_desc* open_desc(int fd) noexcept {
  poll_desc* desc = allocate_desc();
  if (desc != nullptr) desc->open(fd);
  return desc;
}

bool close_desc(poll_desc& desc, int* keep) noexcept {
  ending_env env;
  const int fd = desc.close(env);
  if (fd < 0) return false;
  const int saved_errno = errno;
  if (keep != nullptr)
    *keep = fd;
  else
    ::close(fd);
  errno = saved_errno;
  return true;
}

void release_desc(poll_desc& desc) noexcept {
  if (desc.release()) free_desc(desc);
}

bool set_desc_deadline(poll_desc& desc, bool of_read, bool of_write,
                       std::int64_t deadline_ns) noexcept {
  ending_env env;
  const bool open = desc.set_deadline(of_read, of_write, deadline_ns, env);
  env.wake_all_now();
  return open;
}

}  // namespace weft::np
