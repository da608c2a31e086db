// The monitor: a thread that notices work which nobody looks at while processors are idle.
//
// Waking is done only for surplus work, so three things can wait behind a task that runs long: the
// tasks in the front of its processor, timers of its processor, and descriptors when the worker that
// waited in the poller got it to run. If the monitor sees one of them wait it wakes a worker, which
// finds it as a searcher does. If there is no worker to wake because every processor is busy, and some
// stand still, it adds a processor (substitutes.cpp).
//
// It looks every millisecond while things change, every four or ten while they do not, and sleeps for
// good after a tenth of a second in which every processor was idle.
#include <algorithm>
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
constexpr std::int64_t longest_busy_ns = 4'000'000;
constexpr std::int64_t overdue_ns = 1'000'000;
constexpr std::int64_t long_task_ns = 5'000;
constexpr std::int64_t sleep_after_ns = 100'000'000;

// 0 awake, 1 asleep until poked, 2 leave. Written by the monitor (0, 1), poke (0) and stop (2).
rt::atomic<std::uint32_t> word{0};

// Never destroyed: the process may exit while it runs.
alignas(std::thread) unsigned char thread_memory[sizeof(std::thread)];
std::thread* thread = nullptr;

enum : std::uint32_t { awake = 0, asleep = 1, leave = 2 };

struct sight {
  bool waiting = false;     // something lies still that another processor could take
  std::uint32_t stuck = 0;  // processors that are held and have dispatched nothing since the last look
};

class observer {
 public:
  observer() : before_(the_scheduler().processor_count + most_substitutes) {}

  sight look() {
    scheduler& s = the_scheduler();
    const std::int64_t now = rt::now_ns();
    const std::uint32_t known = known_processors();
    sight seen;
    seen.waiting = work_is_waiting();
    std::int64_t last_round = 0;
    std::uint32_t still = 0;
    for (std::uint32_t i = 0; i < known; ++i) {
      processor& p = s.processors[i];
      const std::uint64_t dispatched = p.count.dispatched.get();
      const std::int64_t round = p.now_ns.load(std::memory_order_relaxed);
      // Its tasks run long, so what is in its front waits for long.
      const bool slow = static_cast<std::int64_t>(dispatched - before_[i].dispatched) * long_task_ns <
                        now - looked_at_ns_;
      // A task that yields alone is not dispatched again, but makes rounds.
      before_[i].still = dispatched == before_[i].dispatched && round == before_[i].round_ns;
      before_[i].dispatched = dispatched;
      before_[i].round_ns = round;
      if (before_[i].still)
        ++still;
      else if (now - round > overdue_ns)
        p.round_wanted.store(true, std::memory_order_relaxed);
      if (slow && !p.front.empty()) seen.waiting = true;
      if (p.timers.next_ns() < now - overdue_ns) seen.waiting = true;
      if (round > last_round) last_round = round;
    }
    // A worker that makes rounds also polls.
    if (s.io_waiting.load(std::memory_order_relaxed) > 0 && now - last_round > overdue_ns &&
        !somebody_polls())
      seen.waiting = true;
    looked_at_ns_ = now;
    // Idle ones and those in the reserve stand still too.
    const std::uint32_t at_rest = s.idle.idle() + (known - s.idle.processors());
    seen.stuck = still > at_rest ? still - at_rest : 0;
    return seen;
  }

  void empty_those_that_stand_still() {
    const std::uint32_t known = known_processors();
    for (std::uint32_t i = 0; i < known; ++i)
      if (before_[i].still) empty_stuck_processor(the_scheduler().processors[i]);
  }

 private:
  struct state {
    std::uint64_t dispatched = 0;
    std::int64_t round_ns = 0;
    bool still = false;
  };
  std::vector<state> before_;
  std::int64_t looked_at_ns_ = 0;
};

// When tasks hog their processors; see substitutes.cpp.
class relief {
 public:
  void consider(const sight& seen, observer& eyes, std::int64_t now) {
    scheduler& s = the_scheduler();
    const std::uint32_t active = s.idle.processors();
    const bool none_is_free = seen.waiting && seen.stuck != 0 && s.idle.idle() == 0;
    looks_without_ = none_is_free ? looks_without_ + 1 : 0;
    const bool all_stuck = seen.stuck >= active;
    if (none_is_free && now >= next_ns_ &&
        (all_stuck || (looks_without_ >= patience && active - seen.stuck < s.processor_count))) {
      add_substitute();
      next_ns_ = now + interval_ns;
    }
    if (s.idle.processors() == s.processor_count) return;
    if (seen.stuck == 0)
      retire_an_idle_substitute();
    else
      eyes.empty_those_that_stand_still();
  }

 private:
  static constexpr std::uint32_t patience = 3;
  // Tasks that compute for long and are many share the cores as threads do, each for so long.
  static constexpr std::int64_t interval_ns = 10'000'000;
  std::uint32_t looks_without_ = 0;
  std::int64_t next_ns_ = 0;
};

void sleep_for_good() {
  std::uint32_t expected = awake;
  if (!word.compare_exchange_strong(expected, asleep, std::memory_order_seq_cst)) return;
  rt::atomic_thread_fence(std::memory_order_seq_cst);
  // Whoever took a processor before it could see `asleep` is seen here.
  scheduler& s = the_scheduler();
  if (s.idle.idle() != s.idle.processors()) {
    expected = asleep;
    word.compare_exchange_strong(expected, awake, std::memory_order_relaxed);
    return;
  }
  while (word.load(std::memory_order_acquire) == asleep) rt::futex_wait(word, asleep);
}

void monitor_main() {
  scheduler& s = the_scheduler();
  observer eyes;
  relief hogs;
  std::int64_t period = shortest_ns;
  std::int64_t idle_since = rt::now_ns();
  while (word.load(std::memory_order_acquire) != leave) {
    rt::futex_wait(word, awake, rt::now_ns() + period);
    const std::int64_t now = rt::now_ns();
    const sight seen = eyes.look();
    const std::uint32_t idle = s.idle.idle();
    const std::uint32_t all = s.idle.processors();
    hogs.consider(seen, eyes, now);
    if (idle != all) idle_since = now;
    // With all of them idle something waits only if there was no thread for one of them.
    if (seen.waiting && idle != 0) {
      wake_one();
      period = shortest_ns;
    } else {
      period = std::min(period + shortest_ns, idle == 0 ? longest_busy_ns : longest_ns);
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
