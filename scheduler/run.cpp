// run, start and stop: the beginning and the end of a runtime.
#include <weft/run.hpp>

#include <sched.h>

#include <cstdlib>
#include <exception>
#include <new>
#include <string>
#include <system_error>

#include "netpoll/poller.hpp"
#include "runtime/base/asymmetric_fence.hpp"
#include "runtime/base/check.hpp"
#include "runtime/base/choose.hpp"
#include "runtime/base/futex.hpp"
#include "runtime/debug/leftovers.hpp"
#include "runtime/debug/panic.hpp"
#include "runtime/debug/signals.hpp"
#include "runtime/task/locals.hpp"
#include "runtime/task/park.hpp"
#include "runtime/task/task_end.hpp"
#include "runtime/task/wait.hpp"
#include "runtime/time/due_call.hpp"
#include "scheduler/os_threads.hpp"
#include "scheduler/scheduler.hpp"

#include <weft/error.hpp>

namespace weft::sched {
namespace {

std::uint32_t processors_for(const options& opts) {
  constexpr unsigned most = 1024;
  unsigned long wanted = opts.workers;
  const char* text = wanted == 0 ? std::getenv("WEFT_WORKERS") : nullptr;
  if (text != nullptr && *text != '\0') {
    char* end = nullptr;
    wanted = std::strtoul(text, &end, 10);
    if (*end != '\0' || *text == '-' || wanted > most)
      throw error(std::string("weft: WEFT_WORKERS is \"") + text + "\": give a number from 1 to " +
                  std::to_string(most));
  }
  if (wanted > most)
    throw error("weft: options.workers is " + std::to_string(wanted) + ": at most " +
                std::to_string(most));
  return wanted != 0 ? static_cast<std::uint32_t>(wanted) : usable_processors();
}

// --- beginning ---

void make_processors(scheduler& s, std::uint32_t count) {
  s.processors = std::make_unique<processor[]>(count + most_substitutes);
  s.idle_processors = nullptr;
  for (std::uint32_t i = count; i-- > 0;) {
    processor& p = s.processors[i];
    p.index = i;
    p.next_idle = s.idle_processors;
    s.idle_processors = &p;
  }
  s.idle.reset(count);
  rt::spin_guard guard(s.idle_lock);  // against stats()
  s.processor_count = count;
  s.reserve = nullptr;
  s.known_processors.store(count, std::memory_order_relaxed);
}

void start_first_worker(scheduler& s) {
  s.idle_lock.lock();
  processor* p = s.idle_processors;
  s.idle_processors = p->next_idle;
  s.idle.processor_taken(true);
  s.idle_lock.unlock();
  if (!start_worker(*p, true))
    throw std::system_error(std::make_error_code(std::errc::resource_unavailable_try_again),
                            "weft: no thread for the first worker");
}

void join_workers(scheduler& s) noexcept {
  wake_everybody();
  for (auto& w : s.workers)
    if (w->thread.joinable()) w->thread.join();
}

void forget_workers(scheduler& s) noexcept {
  rt::spin_guard guard(s.idle_lock);
  s.workers.clear();
  s.spare_workers = nullptr;
}

void boot(const options& opts, bool embedded) {
  scheduler& s = the_scheduler();
  watch_forks();
  if (s.forked) clean_up_after_fork();
  s.opts = opts;
  auto handler = std::make_shared<const deadlock_handler>(opts.on_deadlock);
  {
    rt::spin_guard guard(s.idle_lock);
    s.on_deadlock = std::move(handler);
  }
  s.embedded = embedded;
  s.caller_is_known = !embedded && rt::this_thread().foreign != nullptr;
  s.deadlock_said = deadlock_news::none;
  s.poller_taken = false;
  s.first_pinned = s.last_pinned = nullptr;
  s.pinned_waiting.store(0, std::memory_order_relaxed);
  s.watch_live.store(false, std::memory_order_relaxed);
  s.main_ended.store(false, std::memory_order_relaxed);
  s.live_zero.store(0, std::memory_order_relaxed);
  s.next_id_block.store(1, std::memory_order_relaxed);
  s.spawned_outside.store(0, std::memory_order_relaxed);
  make_processors(s, processors_for(opts));
  if (const int failure = np::poller_start())
    throw std::system_error(failure, std::generic_category(), "weft: the poller cannot start");
  try {
    monitor_start();
    start_first_worker(s);
    // Pairs with the acquire of allocate_task() and note_outside(): who sees it sees all of boot.
    s.now_in.store(phase::running, std::memory_order_release);
  } catch (...) {
    s.now_in.store(phase::stopping, std::memory_order_release);
    monitor_stop();
    np::poller_stop();
    throw;
  }
}

// Claims the process for one runtime; gives it back if the beginning fails.
class the_only_run {
 public:
  explicit the_only_run(const char* who) {
    if (rt::this_thread().worker != nullptr)
      throw error(std::string(who) + ": called inside a task; a runtime is running already");
    phase expected = phase::off;
    if (!the_scheduler().now_in.compare_exchange_strong(expected, phase::booting,
                                                        std::memory_order_acq_rel))
      throw error(std::string(who) + ": a runtime is running already in this process");
  }
  ~the_only_run() {
    if (!kept_) the_scheduler().now_in.store(phase::off, std::memory_order_release);
  }
  void keep() noexcept { kept_ = true; }

 private:
  bool kept_ = false;
};

// --- end ---

// False if the deadline came first.
bool wait_for_last_task(std::int64_t deadline_ns) noexcept {
  scheduler& s = the_scheduler();
  s.watch_live.store(true, std::memory_order_relaxed);
  rt::asymmetric_heavy("run.wait_for_last");  // pairs with note_task_gone()
  for (;;) {
    // Whoever ends last sets it again after this, or is seen by it.
    s.live_zero.exchange(0, std::memory_order_seq_cst);
    if (live_tasks() == 0) return true;
    if (rt::futex_wait(s.live_zero, 0, deadline_ns) == rt::futex_result::timed_out)
      return live_tasks() == 0;
  }
}

std::int64_t grace_deadline(const options& opts) noexcept {
  return rt::deadline_after(opts.exit_grace.count());
}

[[noreturn]] void leave_process(int status) noexcept {
  std::fflush(nullptr);
  std::_Exit(status);
}

void end_tasks(int status) noexcept {
  scheduler& s = the_scheduler();
  if (s.opts.report_leftovers && live_tasks() != 0) rt::report_leftovers();
  switch (s.opts.on_main_exit) {
    case main_exit::wait:
      do wait_for_last_task(rt::never_ns);
      while (!close_the_door(phase::running));
      break;
    case main_exit::cancel:
      s.now_in.store(phase::draining, std::memory_order_seq_cst);
      cancel_leftovers();
      do {
        if (wait_for_last_task(grace_deadline(s.opts))) continue;
        rt::report_unended();
        leave_process(status);
      } while (!close_the_door(phase::draining));
      break;
    case main_exit::abandon:
      (void)close_the_door(phase::closing);
      break;
  }
}

// With abandon a worker may be inside a task that never comes back.
bool workers_leave(std::int64_t deadline_ns) noexcept {
  scheduler& s = the_scheduler();
  wake_everybody();
  for (;;) {
    const std::uint32_t running = s.workers_running.load(std::memory_order_acquire);
    if (running == 0) return true;
    if (rt::futex_wait(s.workers_running, running, deadline_ns) == rt::futex_result::timed_out)
      return s.workers_running.load(std::memory_order_acquire) == 0;
  }
}

void shut_down(int status) noexcept {
  scheduler& s = the_scheduler();
  s.now_in.store(phase::stopping, std::memory_order_seq_cst);
  if (!workers_leave(grace_deadline(s.opts))) leave_process(status);
  monitor_stop();
  join_workers(s);
  while (s.waking_outside.load(std::memory_order_seq_cst) != 0) ::sched_yield();
  drop_leftovers();
  forget_workers(s);
  np::poller_stop();
  std::shared_ptr<const deadlock_handler> handler;  // destroyed outside the lock
  {
    rt::spin_guard guard(s.idle_lock);  // against stats()
    s.processor_count = 0;
    s.known_processors.store(0, std::memory_order_relaxed);
    s.idle_processors = nullptr;
    handler.swap(s.on_deadlock);
  }
  s.processors.reset();
  s.opts = options{};
  s.now_in.store(phase::off, std::memory_order_release);
}

// --- the main task ---

struct main_state {
  int (*body)(void*);
  void* arg;
  int status = 0;
  std::exception_ptr error;
  rt::atomic<std::uint32_t> done{0};  // futex: set by the main task, waited for by run_main
};

void run_main_task(void* slot) {
  main_state& main = **static_cast<main_state**>(slot);
  try {
    main.status = main.body(main.arg);
  } catch (const rt::exit_request&) {
    main.status = 0;
  } catch (const task_cancelled&) {
    main.status = 0;
  } catch (...) {
    main.error = std::current_exception();
  }
  scheduler& s = the_scheduler();
  if (rt::task* self = rt::current_task()) rt::end_locals(*self);  // none if forked
  // Before anybody can find all other tasks asleep.
  s.main_ended.store(s.opts.on_main_exit != main_exit::wait, std::memory_order_release);
  main.done.store(1, std::memory_order_release);
  rt::futex_wake(main.done, 1);
}

void start_main_task(main_state& main, const void* pc) {
  rt::task& task = rt::allocate_task(sizeof(main_state*), alignof(main_state*), pc);
  ::new (task.closure) main_state*(&main);
  task.run = &run_main_task;
  task.set_name("main");
  rt::start_task(task);
}

// The thread that called run() never counts as one that may wake a task.
class caller_does_not_count {
 public:
  caller_does_not_count() noexcept : known_(rt::this_thread().foreign != nullptr) {
    if (known_) rt::note_outside(rt::outside_event::thread_parked);
  }
  ~caller_does_not_count() {
    if (known_) rt::note_outside(rt::outside_event::thread_running);
  }

 private:
  const bool known_;
};

}  // namespace

// Made while the program loads: a thread that forks must not find it half made.
[[maybe_unused]] static const scheduler& made_early = the_scheduler();

scheduler& the_scheduler() noexcept {
  // Never destroyed: foreign threads may call weft during static destruction.
  alignas(scheduler) static unsigned char memory[sizeof(scheduler)];
  static scheduler* const only = ::new (static_cast<void*>(memory)) scheduler;
  return *only;
}

}  // namespace weft::sched

namespace weft {

namespace detail {

int run_main(const options& opts, int (*body)(void*), void* arg) {
  using namespace weft::sched;
  const void* pc = __builtin_return_address(0);
  the_only_run claim("weft::run");
  boot(opts, false);
  claim.keep();
  caller_does_not_count guard;
  rt::signals_install(opts.signal_handlers);
  main_state main{body, arg, 0, nullptr, {}};
  try {
    start_main_task(main, pc);
  } catch (...) {
    shut_down(1);
    rt::signals_remove();
    throw;
  }
  while (main.done.load(std::memory_order_acquire) == 0) rt::futex_wait(main.done, 0);
  end_tasks(main.error ? 1 : main.status);
  shut_down(main.status);
  rt::signals_remove();
  if (main.error) std::rethrow_exception(main.error);
  return main.status;
}

}  // namespace detail

void start(const options& opts) {
  using namespace weft::sched;
  the_only_run claim("weft::start");
  boot(opts, true);
  claim.keep();
  rt::signals_install(false);  // the fatal hook only
}

void stop() {
  using namespace weft::sched;
  scheduler& s = the_scheduler();
  if (rt::this_thread().worker != nullptr) throw error("weft::stop: called inside a task");
  if (s.forked)
    throw error("weft::stop: this process was forked; the runtime is its parent's");
  if (!s.embedded || s.now_in.load(std::memory_order_acquire) != phase::running)
    throw error("weft::stop: no runtime was started by weft::start");
  end_tasks(0);
  shut_down(0);
  rt::signals_remove();
}

}  // namespace weft
