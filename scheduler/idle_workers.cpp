// Workers without work: how they sleep, who wakes them, and how a processor changes hands.
//
// A processor that nobody runs is on the idle list; a worker without a processor is on the spare
// list, or is the one that waits in the poller, or is inside a blocking region. All transitions are
// made under the idle lock: they cost a system call anyway. The rules that lose no wake-up are in
// idle.hpp; what is added here:
//
//   - a worker that goes idle is on the spare list in the same critical section in which its
//     processor is on the idle list, so whoever takes the processor finds a thread for it;
//   - the worker in the poller is not spare: it is told to come out, and takes an idle processor;
//   - a worker that goes idle and knows an earlier timer than the one in the poller tells it.
#include <new>
#include <system_error>
#include <utility>

#include "netpoll/poller.hpp"
#include "runtime/base/check.hpp"
#include "runtime/base/choose.hpp"
#include "runtime/base/futex.hpp"
#include "runtime/stack/overflow.hpp"
#include "runtime/task/this_thread.hpp"
#include "scheduler/idle_lists.hpp"

namespace weft::sched {
namespace {

// Idle no more, as a searcher; false if there is no idle processor left.
bool take_as_searcher_locked(scheduler& s, worker& w) noexcept {
  processor* p = pop_idle_locked(s);
  if (p == nullptr) return false;
  give_processor_locked(s, w, *p, true);
  return true;
}

bool something_to_poll(scheduler& s) noexcept {
  return s.io_waiting.load(std::memory_order_seq_cst) > 0 || earliest_timer_ns() != rt::never_ns;
}

// The worker is on the spare list. It takes the poller's role if there is something to wait for and
// nobody does. Without a processor it is spare again, and somebody may be giving it one.
enum class polled { not_at_all, without_processor, with_processor };
polled wait_in_poller(worker& self) noexcept {
  scheduler& s = the_scheduler();
  if (!something_to_poll(s)) return polled::not_at_all;
  s.idle_lock.lock();
  // Under the lock, which wake_everybody() takes: it finds us in the poller, or we see that it stops.
  if (is_stopping()) {
    s.idle_lock.unlock();
    return polled::not_at_all;
  }
  const std::int64_t deadline = earliest_timer_ns();
  if (s.poller_taken) {
    const bool tell = deadline < s.poller_deadline_ns && !s.poller_interrupted;
    if (tell) s.poller_interrupted = true;
    s.idle_lock.unlock();
    if (tell) np::interrupt();
    return polled::not_at_all;
  }
  if (!remove_spare_locked(s, self)) {
    s.idle_lock.unlock();
    return polled::not_at_all;  // a processor is on its way
  }
  s.poller_taken = true;
  s.poller_interrupted = false;
  s.poller_deadline_ns = deadline;
  s.idle_lock.unlock();

  np::ready_list ready;
  std::int64_t timeout = rt::never_ns;
  if (deadline != rt::never_ns) {
    timeout = deadline - rt::now_ns();
    if (timeout < 0) timeout = 0;
  }
  // Work pushed before we had the role was seen by the look after going idle, or its pusher has
  // seen the idle processor and, finding no spare worker, interrupts us.
  np::poll(timeout, ready);

  s.idle_lock.lock();
  s.poller_taken = false;
  const bool has_processor = take_as_searcher_locked(s, self);
  if (!has_processor) push_spare_locked(s, self);
  s.idle_lock.unlock();
  if (has_processor) {
    self.p->last_poll_ns = rt::now_ns();
    self.p->count.polls.add();
    queue_list(self, ready.head);
  } else {
    inject_list(ready.head);
  }
  return has_processor ? polled::with_processor : polled::without_processor;
}

void note_worker_left() noexcept {
  scheduler& s = the_scheduler();
  if (s.workers_running.fetch_sub(1, std::memory_order_release) == 1)
    rt::futex_wake(s.workers_running, 1);
}

// So that the one who is woken does not take the long system call for a long task.
class is_waking {
 public:
  explicit is_waking(processor* p) noexcept : p_(p) {
    if (p_ == nullptr) return;
    p_->count.wakeups.add();
    p_->is_waking.store(true, std::memory_order_relaxed);
  }
  ~is_waking() {
    if (p_ != nullptr) p_->is_waking.store(false, std::memory_order_relaxed);
  }
  is_waking(const is_waking&) = delete;
  is_waking& operator=(const is_waking&) = delete;

 private:
  processor* const p_;
};

}  // namespace

void wake_if_needed() noexcept {
  if (the_scheduler().idle.should_wake()) wake_one();
}

void wake_one() noexcept {
  scheduler& s = the_scheduler();
  s.idle_lock.lock();
  if (s.idle_processors == nullptr || s.idle.searching() != 0) {
    s.idle_lock.unlock();
    return;  // somebody was faster
  }
  const worker* here = rt::this_thread().worker;
  const is_waking note(here != nullptr ? here->p : nullptr);
  if (worker* w = pop_spare_locked(s)) {
    give_processor_locked(s, *w, *pop_idle_locked(s), true);
    s.idle_lock.unlock();
    w->parker.unpark();
    return;
  }
  if (s.poller_taken) {
    const bool tell = !s.poller_interrupted;
    s.poller_interrupted = true;
    s.idle_lock.unlock();
    if (tell) np::interrupt();
    return;
  }
  processor* p = pop_idle_locked(s);
  count_taken_locked(s, true);
  s.idle_lock.unlock();
  if (start_worker(*p, true)) return;
  // No thread is to be had. Those that run will look for the work in their rounds.
  rt::spin_guard guard(s.idle_lock);
  push_idle_locked(s, *p);
  s.idle.processor_went_idle(true);
}

bool somebody_polls() noexcept {
  scheduler& s = the_scheduler();
  rt::spin_guard guard(s.idle_lock);
  return s.poller_taken;
}

void see_that_somebody_polls() noexcept {
  scheduler& s = the_scheduler();
  if (!begin_waking(s)) return;
  s.idle_lock.lock();
  // Who goes idle is on the list before it looks at the count, under this lock.
  const bool nobody = !s.poller_taken && s.idle_processors != nullptr;
  s.idle_lock.unlock();
  if (nobody) wake_one();
  end_waking(s);
}

bool try_take_idle_processor(worker& self) noexcept {
  scheduler& s = the_scheduler();
  rt::spin_guard guard(s.idle_lock);
  processor* p = pop_idle_locked(s);
  if (p == nullptr) return false;
  give_processor_locked(s, self, *p, false);
  return true;
}

void wait_for_processor(worker& self) noexcept {
  scheduler& s = the_scheduler();
  {
    rt::spin_guard guard(s.idle_lock);
    if (!self.is_spare && self.p == nullptr) push_spare_locked(s, self);
  }
  while (!is_stopping()) {
    self.parker.park();
    // acquire of the parker: who gave the processor wrote it before the unpark. Whoever unparks us to
    // stop gave none, and somebody else may be writing p at this moment.
    if (!is_stopping() && self.p != nullptr) return;
  }
}

void sleep_until_work(worker& self) noexcept {
  scheduler& s = the_scheduler();
  processor& p = *self.p;
  p.count.idled.add();
  s.idle_lock.lock();
  push_idle_locked(s, p);
  push_spare_locked(s, self);
  self.p = nullptr;
  const bool was_searching = self.searching;
  self.searching = false;
  s.idle.processor_went_idle(was_searching);
  s.idle_lock.unlock();

  if (work_is_waiting()) {
    s.idle_lock.lock();
    if (remove_spare_locked(s, self)) {
      const bool taken = take_as_searcher_locked(s, self);
      if (!taken) push_spare_locked(s, self);
      s.idle_lock.unlock();
      if (taken) return;
    } else {
      s.idle_lock.unlock();
    }
  } else {
    switch (wait_in_poller(self)) {
      case polled::with_processor: return;
      case polled::without_processor: break;
      case polled::not_at_all: check_deadlock(); break;
    }
  }
  wait_for_processor(self);
}

void hand_off_processor(worker& self) noexcept {
  scheduler& s = the_scheduler();
  take_out_front(self);
  {
    rt::spin_guard guard(s.idle_lock);
    leave_processor_locked(s, self);
  }
  look_after_idle_processor();
}

bool look_after_idle_processor() noexcept {
  scheduler& s = the_scheduler();
  s.idle_lock.lock();
  const bool unpolled = !s.poller_taken && something_to_poll(s);
  const bool tell = s.poller_taken && !s.poller_interrupted &&
                    earliest_timer_ns() < s.poller_deadline_ns;
  if (tell) s.poller_interrupted = true;
  s.idle_lock.unlock();
  if (tell) np::interrupt();  // it sleeps too long for what was armed since
  if (!unpolled && !work_is_waiting()) return tell;
  wake_one();
  return true;
}

bool start_worker(processor& first, bool as_searcher) noexcept {
  scheduler& s = the_scheduler();
  worker* w = nullptr;
  try {
    auto fresh = std::make_unique<worker>();
    w = fresh.get();
    w->p = &first;
    w->searching = as_searcher;
    rt::spin_guard guard(s.idle_lock);
    // Under the lock, which shut_down takes after it says so: either it sees this worker counted, or
    // we see that it stops.
    if (is_stopping()) return false;
    w->index = static_cast<std::uint32_t>(s.workers.size());
    s.workers.push_back(std::move(fresh));
    s.workers_running.fetch_add(2, std::memory_order_relaxed);
  } catch (const std::bad_alloc&) {
    return false;
  }
  const bool launched = thread_launcher(*w);
  note_worker_left();  // one for the launch, whose last write is the thread handle
  if (launched) return true;
  note_worker_left();
  rt::spin_guard guard(s.idle_lock);
  for (auto it = s.workers.begin(); it != s.workers.end(); ++it) {
    if (it->get() != w) continue;
    s.workers.erase(it);
    break;
  }
  return false;
}

bool launch_thread(worker& w) noexcept {
  try {
    w.thread = std::thread([&w] { worker_main(w); });
    return true;
  } catch (...) {  // no thread, or no memory for it
    return false;
  }
}

bool (*thread_launcher)(worker&) noexcept = &launch_thread;

#if defined(WEFT_FORCED_MIGRATION) && WEFT_FORCED_MIGRATION
bool migrate(worker& self, rt::task& next) noexcept {
  scheduler& s = the_scheduler();
  if (next.ran_on != &self) {
    next.ran_on = &self;
    return false;
  }
  processor& p = *self.p;
  s.idle_lock.lock();
  if (worker* w = pop_spare_locked(s)) {
    w->p = &p;
    w->first_task = &next;
    self.p = nullptr;
    s.idle_lock.unlock();
    w->parker.unpark();
    return true;
  }
  s.idle_lock.unlock();
  // Another thread takes the processor and finds the task in the global queue.
  inject(next);
  self.p = nullptr;
  if (start_worker(p, false) || is_stopping()) return true;  // somebody else may have run it by now
  rt::fatal("WEFT_FORCE_MIGRATION: no thread to migrate to");
}
#endif

void wake_everybody() noexcept {
  scheduler& s = the_scheduler();
  s.idle_lock.lock();
  for (auto& w : s.workers) w->parker.unpark();
  const bool in_poller = s.poller_taken;
  s.idle_lock.unlock();
  if (in_poller) np::interrupt();
}

void worker_main(worker& self) noexcept {
  rt::thread_info& here = rt::this_thread();
  here.worker = &self;
  rt::choose_seed(here.choices, the_scheduler().seed + self.index);
  rt::context_adopt(self.native);
  rt::overflow_thread_enter();
  for (;;) {
    if (is_stopping()) break;
    if (self.p == nullptr) wait_for_processor(self);
    if (is_stopping()) break;
#if defined(WEFT_FORCED_MIGRATION) && WEFT_FORCED_MIGRATION
    rt::task* next = std::exchange(self.first_task, nullptr);
    if (next == nullptr) next = find_runnable(self);
    if (next != nullptr && migrate(self, *next)) continue;
#else
    rt::task* next = find_runnable(self);
#endif
    if (next != nullptr)
      run_task(self, *next);
    else if (self.p != nullptr && !is_stopping())
      sleep_until_work(self);
  }
  rt::overflow_thread_leave();
  rt::context_abandon(self.native);
  here.worker = nullptr;
  note_worker_left();
}

}  // namespace weft::sched
