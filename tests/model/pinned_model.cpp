// scheduler/pinned.cpp under the explorer: a pinned task's thread gives its processor away and sleeps on
// the task's stack; whoever makes the task ready finds it a processor.
//   The pinned task runs again after it was made ready, whatever the others do meanwhile.
//   What its thread leaves behind in the processor is looked at by somebody.
// One processor, the steps of pinned.cpp, idle_workers.cpp and find_runnable.cpp that meet there. `timer`
// stands for what only look_after_idle_processor() and a round see. Where wake_one() would start a new
// thread it wakes one that stands ready (`fresh`). A wake-up that is lost leaves everybody waiting, which
// the explorer reports.
#include "explorer/suite.hpp"
#include "runtime/base/spin_lock.hpp"
#include "scheduler/idle.hpp"
#include "scheduler/thread_parker.hpp"

namespace {

using namespace weft;

struct worker {
  rt::plain<bool> has_p{false};
  rt::plain<bool> searching{false};
  // Under the idle lock.
  bool is_spare = false;
  bool pinned_waits = false;
  bool pinned_ready = false;
  sched::thread_parker parker;
};

struct scheduler {
  sched::idle_state idle;
  rt::spin_lock idle_lock;
  // Under the idle lock.
  bool p_is_idle = false;
  bool pinned_listed = false;
  rt::atomic<std::uint32_t> pinned_waiting{0};
  rt::atomic<bool> timer{false};
  rt::atomic<bool> stopping{false};
  worker pinned;
  worker other;
  worker fresh;

  explicit scheduler(worker& first) {
    idle.reset(1);
    idle.processor_taken(false);
    first.has_p = true;
  }

  bool something_lies_there() {
    return pinned_waiting.load(std::memory_order_relaxed) != 0 ||
           timer.load(std::memory_order_relaxed);
  }

  void list_pinned_locked() {
    pinned_listed = true;
    pinned_waiting.store(1, std::memory_order_relaxed);
  }

  void wake_one() {
    idle_lock.lock();
    if (!p_is_idle || idle.searching() != 0) {
      idle_lock.unlock();
      return;
    }
    worker& w = other.is_spare ? other : fresh;
    w.is_spare = false;
    p_is_idle = false;
    w.has_p = true;
    w.searching = true;
    idle.processor_taken(true);
    idle_lock.unlock();
    w.parker.unpark();
  }

  // --- the pinned worker's thread ---

  void give_up_processor() {
    idle_lock.lock();
    if (pinned.pinned_ready) {
      pinned.pinned_ready = false;
      idle_lock.unlock();
      return;
    }
    pinned.pinned_waits = true;
    p_is_idle = true;
    pinned.has_p = false;
    idle.processor_went_idle(false);
    idle_lock.unlock();
    if (something_lies_there()) wake_one();
    do pinned.parker.park();
    while (!pinned.has_p.read());
  }

  // --- anybody ---

  void ready() {
    idle_lock.lock();
    if (!pinned.pinned_waits) {
      pinned.pinned_ready = true;
      idle_lock.unlock();
      return;
    }
    if (!p_is_idle) {
      list_pinned_locked();
      idle_lock.unlock();
      return;
    }
    p_is_idle = false;
    pinned.pinned_waits = false;
    pinned.has_p = true;
    idle.processor_taken(false);
    idle_lock.unlock();
    pinned.parker.unpark();
  }

  // --- a worker ---

  bool give_to_pinned(worker& self) {
    idle_lock.lock();
    if (!pinned_listed) {
      idle_lock.unlock();
      return false;
    }
    pinned_listed = false;
    pinned_waiting.store(0, std::memory_order_relaxed);
    pinned.has_p = true;
    pinned.pinned_waits = false;
    self.has_p = false;
    if (self.searching) idle.stop_searching();
    self.searching = false;
    idle_lock.unlock();
    pinned.parker.unpark();
    if (pinned_waiting.load(std::memory_order_relaxed) != 0 && idle.should_wake()) wake_one();
    return true;
  }

  void sleep(worker& self) {
    idle_lock.lock();
    p_is_idle = true;
    self.is_spare = true;
    self.has_p = false;
    const bool was_searching = self.searching;
    self.searching = false;
    idle.processor_went_idle(was_searching);
    idle_lock.unlock();
    if (!something_lies_there()) return;
    const rt::spin_guard guard(idle_lock);
    if (!self.is_spare || !p_is_idle) return;
    self.is_spare = false;
    p_is_idle = false;
    self.has_p = true;
    self.searching = true;
    idle.processor_taken(true);
  }

  void loop(worker& self) {
    for (;;) {
      if (stopping.load(std::memory_order_relaxed)) return;
      if (!self.has_p.read()) {
        {
          const rt::spin_guard guard(idle_lock);
          if (!self.has_p.read()) self.is_spare = true;
        }
        do self.parker.park();
        while (!stopping.load(std::memory_order_relaxed) && !self.has_p.read());
        continue;
      }
      if (timer.load(std::memory_order_relaxed)) {
        timer.store(false, std::memory_order_relaxed);
        ready();
      }
      if (give_to_pinned(self)) continue;
      sleep(self);
    }
  }

  void stop() {
    stopping.store(true, std::memory_order_relaxed);
    other.parker.unpark();
    fresh.parker.unpark();
  }
};

// Made ready from outside at every moment around the thread's way to sleep.
void made_ready_on_the_way_to_sleep() {
  auto& s = model::make<scheduler>(model::make<worker>());
  s.pinned.has_p = true;
  s.other.is_spare = true;
  model::thread("pinned", [&] {
    s.give_up_processor();
    s.stop();
  });
  model::thread("foreign", [&] { s.ready(); });
  model::join_all();
}

// The other worker has the only processor, is searching, and is falling asleep meanwhile.
void made_ready_while_the_processor_is_elsewhere() {
  auto& s = model::make<scheduler>(model::make<worker>());
  s.other.has_p = true;
  s.pinned.pinned_waits = true;
  model::check(s.idle.try_start_searching(), "nobody searches yet");
  s.other.searching = true;
  model::thread("pinned", [&] {
    do s.pinned.parker.park();
    while (!s.pinned.has_p.read());
    s.stop();
  });
  model::thread("other", [&] { s.loop(s.other); });
  model::thread("foreign", [&] { s.ready(); });
  model::join_all();
}

// The other worker gives the processor away as a searcher; the pinned task waits for a timer at once.
// Who leaves the processor must not take the giver for somebody who still looks.
void waits_again_at_once() {
  auto& s = model::make<scheduler>(model::make<worker>());
  s.other.has_p = true;
  s.pinned.pinned_waits = true;
  s.list_pinned_locked();
  model::check(s.idle.try_start_searching(), "nobody searches yet");
  s.other.searching = true;
  model::thread("pinned", [&] {
    do s.pinned.parker.park();
    while (!s.pinned.has_p.read());
    s.timer.store(true, std::memory_order_relaxed);
    s.give_up_processor();
    s.stop();
  });
  model::thread("other", [&] { s.loop(s.other); });
  model::thread("fresh", [&] {
    do s.fresh.parker.park();
    while (!s.stopping.load(std::memory_order_relaxed) && !s.fresh.has_p.read());
    s.loop(s.fresh);
  });
  model::join_all();
}

}  // namespace

int main(int argc, char** argv) {
  return weft::model::verify(
      argc, argv,
      {
          {"made ready on the way to sleep", {.preemptions = 3, .stale_reads = 1},
           made_ready_on_the_way_to_sleep},
          {"made ready while the processor is elsewhere", {.preemptions = 2, .stale_reads = 1},
           made_ready_while_the_processor_is_elsewhere},
          {"waits again at once", {.preemptions = 2, .stale_reads = 1}, waits_again_at_once},
      },
      {
          {"idle.*", "shown by parker_idle_model"},
          {"spin_lock.*", "shown by spin_lock_model"},
          {"thread_parker.*", "shown by thread_parker_model"},
      });
}
