// The scheduler's shared state, and the map of its files:
//
//   dispatch.cpp        park, ready, yield: what tasks call; the switch and what is left after it
//   find_runnable.cpp   where a worker looks for work, in which order; rounds; stealing
//   idle_workers.cpp    sleeping, waking, handing a processor to another thread
//   spawn.cpp           a task's birth and end
//   pinned.cpp          tasks that stay on their OS thread
//   blocking.cpp        regions in which the OS thread may block
//   clock.cpp           timers of tasks
//   monitor.cpp         the thread that notices work which nobody looks at
//   substitutes.cpp     more processors while tasks hog some
//   outside.cpp         what can wake a task from outside; the deadlock decision
//   leftovers.cpp       tasks that remain when main has returned
//   run.cpp             run, start, stop: beginning and end
//   fork.cpp            what a forked child gets
//
// One scheduler a process, never destroyed; each run starts it anew. Fields say who may touch them.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "runtime/base/atomic.hpp"
#include "runtime/base/spin_lock.hpp"
#include "scheduler/global_queue.hpp"
#include "scheduler/idle.hpp"
#include "scheduler/outside_threads.hpp"
#include "scheduler/processor.hpp"
#include "scheduler/worker.hpp"

#include <weft/options.hpp>

namespace weft::sched {

// Where the life of a run stands. Moved by run.cpp only, in this order and back to off. Tasks may
// spawn in each of them, other threads while it is running.
enum class phase : std::uint32_t {
  off,       // no workers; spawning throws
  booting,   // claimed; one thread fills the fields in, foreign threads keep away
  running,   // normal
  draining,  // main has returned: every task is cancelled, new ones are born cancelled
  closing,   // all tasks have ended; if a thread outside has just spawned one, back to where it was
  stopping,  // workers leave at their next look
};

// What has been reported: a possible deadlock may become a definite one, when the threads that were
// unknown have become known.
enum class deadlock_news : std::uint8_t { none, possible, definite };

struct scheduler {
  // --- constant during a run ---
  options opts;
  std::uint32_t processor_count = 0;  // as many tasks run at once, unless some hog their processors
  std::unique_ptr<processor[]> processors;  // those, and room for substitutes (substitutes.cpp)
  bool embedded = false;  // by start(), not by run()
  bool caller_is_known = false;  // who waits in run() counts as a foreign thread that is parked
  std::uint64_t seed = 0;
  bool forked = false;  // this process was forked while a runtime ran, and has had none since

  // --- shared, hot ---
  alignas(64) idle_state idle;
  alignas(64) rt::atomic<phase> now_in{phase::off};

  // Processors that are or were in use, substitutes included. Written under the idle lock; grows.
  alignas(64) rt::atomic<std::uint32_t> known_processors{0};

  alignas(64) global_queue global;
  // How many are on the list of pinned ones; written under the idle lock, read as the global
  // queue's size is.
  rt::atomic<std::uint32_t> pinned_waiting{0};
  // Until then nobody is woken for a task in a processor's front: a search has found nothing of use.
  // Written by searchers, read by pushers; only a hint, what it delays is noticed by the monitor.
  alignas(64) rt::atomic<std::int64_t> quiet_until_ns{0};

  // --- under idle_lock ---
  alignas(64) rt::spin_lock idle_lock;
  processor* idle_processors = nullptr;  // last in, first out: its caches are warm
  processor* reserve = nullptr;  // substitutes that are not in use
  worker* spare_workers = nullptr;
  std::vector<std::unique_ptr<worker>> workers;
  worker* first_pinned = nullptr;  // their pinned tasks are runnable and want a processor; FIFO
  worker* last_pinned = nullptr;
  // Shared, because its call may outlive the run: the callback may be what ends it.
  std::shared_ptr<const deadlock_handler> on_deadlock;
  deadlock_news deadlock_said = deadlock_news::none;  // until something runs again
  // At most one idle worker waits in the poller, for descriptors and for the earliest timer.
  bool poller_taken = false;
  bool poller_interrupted = false;  // told to come out; it will take an idle processor
  std::int64_t poller_deadline_ns = 0;

  // --- what can wake a task besides tasks; any thread ---
  alignas(64) rt::atomic<std::int32_t> blocking{0};      // tasks inside blocking regions
  rt::atomic<std::int32_t> io_waiting{0};                // tasks that wait for a descriptor
  outside_threads outside;
  // Threads without a worker that are spawning a task: from before they looked at the phase until the
  // task is queued. The deadlock check and the end of a run wait for them.
  rt::atomic<std::int32_t> spawning{0};
  // Threads without a worker that are queueing a task and waking a worker. The end of a run waits.
  rt::atomic<std::int32_t> waking_outside{0};
  rt::atomic<std::uint64_t> next_id_block{1};
  rt::atomic<std::uint64_t> spawned_outside{0};          // tasks spawned by foreign threads
  // The main task has returned and what remains will be cancelled or abandoned: asleep is no deadlock
  // then. Written by the main task's last step and by boot, read by the deadlock check.
  rt::atomic<bool> main_ended{false};
  rt::atomic<std::uint32_t> workers_running{0};          // futex: worker threads, and launches of one
  rt::atomic<bool> watch_live{false};                    // somebody waits for the last task to end
  rt::atomic<std::uint32_t> live_zero{0};                // futex: set by the last one then
};

scheduler& the_scheduler() noexcept;

// acquire pairs with add_substitute(): the processor is complete.
inline std::uint32_t known_processors() noexcept {
  return the_scheduler().known_processors.load(std::memory_order_acquire);
}

// --- dispatch.cpp ---
// After every switch, on the stack that runs now.
void finish_switch() noexcept;
// Runs a task from the worker's own stack; returns when a flow comes back to it.
void run_task(worker& self, rt::task& next) noexcept;
// Next task without a look elsewhere; null: ask the worker's own loop.
rt::task* quick_next(worker& self) noexcept;
// Makes quick_next() answer null until this processor's next round.
inline void ask_for_round(processor& p) noexcept { p.tick = p.round_ticks; }
// Leaves the running task for good; its stack is freed by the next flow.
[[noreturn]] void leave_for_ever(rt::task& self) noexcept;
// Runnable tasks enter here. push_next: hot, runs next. push_last: behind the others.
void push_next(worker& self, rt::task& runnable) noexcept;
void push_last(worker& self, rt::task& runnable) noexcept;
// To the queue, where thieves look. The caller owns the processor.
void push_shared(processor& p, rt::task& runnable) noexcept;
// Whose turn it is on the caller's processor: the front's next, but not too often in a row.
rt::task* next_in_turn(processor& p) noexcept;
// The oldest task of the caller's processor.
rt::task* take_oldest(processor& p) noexcept;
// Time to look at the timers, the poller and the global queue; quick_next() says null then.
inline bool is_round_due(const processor& p) noexcept {
  return p.tick >= p.round_ticks || p.round_wanted.load(std::memory_order_relaxed);
}
void inject(rt::task& runnable) noexcept;  // any thread
// Around what a thread without a worker does to queues and sleeping workers: as soon as a task is
// queued it may run, and the run may end, which waits for us. False: it has ended.
bool begin_waking(scheduler& s) noexcept;
void end_waking(scheduler& s) noexcept;
void inject_list(rt::task* list) noexcept;                // any thread; tasks in state parked
void queue_list(worker& self, rt::task* list) noexcept;  // the same, to the local queue

// --- find_runnable.cpp ---
// Null: none was found (then try_sleep), or the scheduler is stopping.
rt::task* find_runnable(worker& self) noexcept;
bool is_stopping() noexcept;
// Work that an idle processor should take; exact after the idle protocol's fence.
bool work_is_waiting() noexcept;
std::int64_t earliest_timer_ns() noexcept;

// --- idle_workers.cpp ---
void worker_main(worker& self) noexcept;
// After surplus work was pushed: wakes one worker if that is worth it.
void wake_if_needed() noexcept;
// The same, after a push to the front or the queue of the caller's processor.
void wake_after_push(const processor& p) noexcept;
void wake_one() noexcept;
// Sleeps until there may be work; on return the worker has a processor or the scheduler stops.
void sleep_until_work(worker& self) noexcept;
void wait_for_processor(worker& self) noexcept;
bool somebody_polls() noexcept;
// After something to poll for was added by who has no processor: if all workers sleep elsewhere, one
// is woken, finds nothing, and waits in the poller.
void see_that_somebody_polls() noexcept;
bool try_take_idle_processor(worker& self) noexcept;
// The worker's thread may block: its processor goes to another thread, or becomes idle.
void hand_off_processor(worker& self) noexcept;
// After a processor became idle otherwise than by a search that found nothing: somebody must look at
// what lies in it. False: nothing does.
bool look_after_idle_processor() noexcept;
#if defined(WEFT_FORCED_MIGRATION) && WEFT_FORCED_MIGRATION
// Gives processor and task to another thread if the task ran on this one last; false if it may run
// here. After true the worker has no processor.
bool migrate(worker& self, rt::task& next) noexcept;
#endif
// A thread for a processor; false if the system refuses.
bool start_worker(processor& first, bool as_searcher) noexcept;
void wake_everybody() noexcept;  // to stop
// How a thread is made; a test makes it fail.
extern bool (*thread_launcher)(worker&) noexcept;

// --- pinned.cpp ---
// A pinned task that would leave its stack waits on it; w.after says what for.
void wait_in_place(worker& w, rt::task& self) noexcept;
void ready_in_place(rt::task& pinned) noexcept;  // any thread
// Back from a blocking region without a processor.
void wait_for_processor_in_place(worker& w, rt::task& self) noexcept;
// Gives the worker's processor to a pinned task that waits for one; false if none does.
bool give_to_pinned(worker& self) noexcept;

// --- spawn.cpp ---
std::uint64_t live_tasks() noexcept;
void note_task_gone() noexcept;
// No thread outside begins to spawn any more, and none is at it: false if a task came of it
// meanwhile; then the phase is `otherwise` again.
bool close_the_door(phase otherwise) noexcept;

// --- leftovers.cpp ---
void cancel_leftovers() noexcept;
// The workers have left: what remains (main_exit::abandon) will never run again.
void drop_leftovers() noexcept;

// --- outside.cpp ---
// Called when the last processor has become idle, and when an outside waker goes away.
void check_deadlock() noexcept;

// --- substitutes.cpp ---
inline constexpr std::uint32_t most_substitutes = 64;
// By the monitor: one processor more, and a worker for it; or one less, if a substitute is idle.
void add_substitute() noexcept;
void retire_an_idle_substitute() noexcept;
// What lies behind a task that does not let its processor go is put where everybody looks.
void empty_stuck_processor(processor& stuck) noexcept;
// Timers of processors that may be stuck or retired; by a worker in its round.
void fire_timers_of_others(processor& self, std::int64_t now) noexcept;

// --- monitor.cpp ---
void monitor_start();
void monitor_stop() noexcept;
void monitor_poke() noexcept;  // a processor is idle no more
void monitor_forget() noexcept;  // in a forked child, where it does not exist

// --- fork.cpp ---
void watch_forks() noexcept;          // once a process is enough
void clean_up_after_fork() noexcept;  // before the first runtime of a forked child

}  // namespace weft::sched
