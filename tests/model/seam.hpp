// The seam of runtime/task/park.hpp for model programs: each thread of the model is a task that
// parks by itself, so that whatever waits through wait.hpp can be explored with its own sources.
//
// Included once, by a model program, which includes the sources it explores. Make one `seam` at the
// start of each body, before the first thread; task i is the model's thread i.
#pragma once

#include <array>

#include "explorer/suite.hpp"
#include "runtime/base/choose.hpp"
#include "runtime/base/futex.hpp"
#include "runtime/task/park.hpp"
#include "runtime/task/thread_waiter.hpp"
#include "runtime/task/wait.hpp"

namespace weft::model {

inline constexpr std::size_t seam_tasks = 5;

class seam {
 public:
  explicit seam(std::size_t threads) {
    now = this;
    for (std::size_t i = 0; i <= threads; ++i) {
      tasks_[i] = &make<rt::task>();
      tasks_[i]->id = i + 1;
      tasks_[i]->ctx.thread_exceptions = &no_exceptions_;
      tasks_[i]->cancel.start();
      infos_[i] = {};
      infos_[i].current = tasks_[i];
    }
  }

  rt::thread_info& here() { return infos_[current_thread()]; }
  rt::task& task_of(std::size_t thread) { return *tasks_[thread]; }

  void park() {
    rt::atomic<std::uint32_t>& word = ready_[current_thread()];
    // What orders a task after the one who made it ready is the run queue's business.
    while (word.load(std::memory_order_acquire) == 0) rt::futex_wait(word, 0);
    word.store(0, std::memory_order_relaxed);
  }
  void ready(rt::task& parked) {
    rt::atomic<std::uint32_t>& word = ready_[parked.id - 1];
    check(word.exchange(1, std::memory_order_release) == 0, "a task is made ready once a park");
    rt::futex_wake(word, 1);
  }

  // One timer; expire() is what a thread of the model calls to let the time come.
  void arm(rt::timer_node& timer) {
    const rt::spin_guard guard(timer_lock_);
    timer_ = &timer;
  }
  bool disarm(rt::timer_node& timer) {
    const rt::spin_guard guard(timer_lock_);
    if (timer_ != &timer) return false;
    timer_ = nullptr;
    return true;
  }
  void expire() {
    const rt::spin_guard guard(timer_lock_);
    if (timer_ == nullptr) return;
    rt::timer_node& due = *timer_;
    timer_ = nullptr;
    due.fire(due);
  }

  std::int64_t clock_ns = 0;
  std::int64_t clock_step_ns = 0;  // how much later it is at each look

  static inline seam* now = nullptr;

 private:
  std::array<rt::task*, seam_tasks> tasks_{};
  std::array<rt::thread_info, seam_tasks> infos_{};
  std::array<rt::atomic<std::uint32_t>, seam_tasks> ready_{};
  rt::exception_state no_exceptions_{};
  rt::spin_lock timer_lock_;
  rt::timer_node* timer_ = nullptr;
};

}  // namespace weft::model

namespace weft::rt {

thread_info& this_thread() noexcept {
  return model::seam::now->here();
}

void park_task(task&, spin_lock& held) noexcept {
  held.unlock();
  model::seam::now->park();
}
void park_task_any(task&, winner_word& word) noexcept {
  if (word.try_park()) model::seam::now->park();
}
void ready_task(task& parked) noexcept {
  model::seam::now->ready(parked);
}

void arm_timer(timer_node& timer, std::int64_t) noexcept {
  model::seam::now->arm(timer);
}
bool disarm_timer(timer_node& timer) noexcept {
  return model::seam::now->disarm(timer);
}
std::int64_t now_ns() noexcept {
  return model::seam::now->clock_ns += model::seam::now->clock_step_ns;
}
std::int64_t coarse_now_ns() noexcept {
  return model::seam::now->clock_ns;
}
std::uint32_t choose_here(std::uint32_t bound) noexcept {
  return model::choose(bound);
}

// A model of contexts brings its own.
[[noreturn]] [[gnu::weak]] void throw_ended(end_signal&) {
  model::fail("a wait has ended with a context that it does not stand under");
}

// No thread of the model is a foreign one.
thread_waiter& thread_waiter::here() {
  model::fail("a model thread waits as a foreign thread");
}
bool thread_waiter::park(const wait_site&, std::int64_t) noexcept {
  model::fail("a model thread parks as a foreign thread");
}
void thread_waiter::ready() noexcept {
  model::fail("a foreign thread is made ready");
}

}  // namespace weft::rt
