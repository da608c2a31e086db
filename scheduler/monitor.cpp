// The monitor: a thread that notices work which nobody looks at while processors are idle.
//
// Waking is done only for surplus work, so three things can wait behind a task that runs long: the
// tasks in the front of its processor, timers of its processor, and descriptors when the worker that
// waited in the poller got it to run. If the monitor sees one of them wait it wakes a worker, which
// finds it as a searcher does.
//
// It looks every millisecond while things change, up to ten while they do not, and sleeps for good
// after a tenth of a second in which every processor was idle. One processor: no monitor, nobody to wake.
#include <memory>
#include <new>
#include <thread>
#include <utility>
#include <vector>

#include "runtime/base/choose.hpp"
#include "runtime/base/futex.hpp"
#include "scheduler/scheduler.hpp"

namespace weft::sched {
namespace {

constexpr std::int64_t shortest_ns = 1'000'000;
constexpr std::int64_t longest_ns = 10'000'000;
constexpr std::int64_t overdue_ns = 1'000'000;
constexpr std::int64_t long_task_ns = 5'000;
constexpr std::int64_t sleep_after_ns = 100'000'000;

// 0 awake, 1 asleep until poked, 2 leave. Written by the monitor (0, 1), poke (0) and stop (2).
rt::atomic<std::uint32_t> word{0};

// Never destroyed: the process may exit while it runs.
alignas(std::thread) unsigned char thread_memory[sizeof(std::thread)];
std::thread* thread = nullptr;

enum : std::uint32_t { awake = 0, asleep = 1, leave = 2 };

class observer {
 public:
  explicit observer(std::uint32_t processors) : dispatched_(processors, 0) {}

  // True if something lies still that an idle processor could take.
  bool sees_waiting_work() {
    scheduler& s = the_scheduler();
    const std::int64_t now = rt::now_ns();
    bool waiting = work_is_waiting();
    std::int64_t last_poll = 0;
    for (std::uint32_t i = 0; i < s.processor_count; ++i) {
      processor& p = s.processors[i];
      const std::uint64_t dispatched = p.count.dispatched.get();
      // Its tasks run long, so what is in its front waits for long.
      const bool slow = static_cast<std::int64_t>(dispatched - dispatched_[i]) * long_task_ns <
                        now - looked_at_ns_;
      dispatched_[i] = dispatched;
      if (slow && !p.front.empty()) waiting = true;
      if (p.timers.next_ns() < now - overdue_ns) waiting = true;
      const std::int64_t round = p.now_ns.load(std::memory_order_relaxed);
      if (round > last_poll) last_poll = round;
    }
    // A worker that makes rounds also polls.
    if (s.io_waiting.load(std::memory_order_relaxed) > 0 && now - last_poll > overdue_ns &&
        !somebody_polls())
      waiting = true;
    looked_at_ns_ = now;
    return waiting;
  }

 private:
  std::vector<std::uint64_t> dispatched_;
  std::int64_t looked_at_ns_ = 0;
};

void sleep_for_good() {
  std::uint32_t expected = awake;
  if (!word.compare_exchange_strong(expected, asleep, std::memory_order_seq_cst)) return;
  // Whoever took a processor before it could see `asleep` is seen here.
  scheduler& s = the_scheduler();
  if (s.idle.idle() != s.processor_count) {
    expected = asleep;
    word.compare_exchange_strong(expected, awake, std::memory_order_relaxed);
    return;
  }
  while (word.load(std::memory_order_acquire) == asleep) rt::futex_wait(word, asleep);
}

void monitor_main() {
  scheduler& s = the_scheduler();
  observer eyes(s.processor_count);
  std::int64_t period = shortest_ns;
  std::int64_t idle_since = rt::now_ns();
  while (word.load(std::memory_order_acquire) != leave) {
    rt::futex_wait(word, awake, rt::now_ns() + period);
    const std::uint32_t idle = s.idle.idle();
    const std::int64_t now = rt::now_ns();
    const bool waiting = eyes.sees_waiting_work();
    if (idle != s.processor_count) idle_since = now;
    if (idle != 0 && idle != s.processor_count && waiting) {
      wake_one();
      period = shortest_ns;
    } else if (period < longest_ns) {
      period += shortest_ns;
    }
    if (now - idle_since > sleep_after_ns) {
      sleep_for_good();
      period = shortest_ns;
      idle_since = rt::now_ns();
    }
  }
}

}  // namespace

void monitor_start() {
  if (the_scheduler().processor_count < 2) return;
  word.store(awake, std::memory_order_relaxed);
  thread = ::new (static_cast<void*>(thread_memory)) std::thread(&monitor_main);
}

void monitor_stop() noexcept {
  if (thread == nullptr) return;
  word.store(leave, std::memory_order_release);
  rt::futex_wake(word, 1);
  thread->join();
  std::destroy_at(std::exchange(thread, nullptr));
}

void monitor_forget() noexcept { thread = nullptr; }

void monitor_poke() noexcept {
  // Pairs with sleep_for_good(): it sees the processor taken, or we see it asleep.
  rt::atomic_thread_fence(std::memory_order_seq_cst);
  if (word.load(std::memory_order_relaxed) != asleep) return;
  std::uint32_t expected = asleep;
  if (word.compare_exchange_strong(expected, awake, std::memory_order_release,
                                   std::memory_order_relaxed))
    rt::futex_wake(word, 1);
}

}  // namespace weft::sched
