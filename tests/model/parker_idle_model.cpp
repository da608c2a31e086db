// scheduler/idle.hpp with thread_parker.hpp, local_queue.hpp and the idle lock under the explorer.
//   No work lies in a queue while a processor is idle and nobody searches: whatever was pushed is
//   run although the one who pushed it is busy until that has happened.
// The steps are those of idle_workers.cpp and find_runnable.cpp without poller, timers and
// run-next; units of work stand for tasks. A wake-up that is lost leaves everybody waiting, which
// the explorer reports.
#include <array>
#include <vector>

#include "explorer/suite.hpp"
#include "runtime/base/spin_lock.hpp"
#include "scheduler/idle.hpp"
#include "scheduler/local_queue.hpp"
#include "scheduler/thread_parker.hpp"

namespace {

using namespace weft;

struct unit {
  rt::plain<int> prepared;
  unit* waits_for = nullptr;  // keeps its worker busy until that one has been run
  rt::atomic<bool> done{false};
};

struct processor {
  sched::local_queue<unit, 4> queue;
  processor* next_idle = nullptr;  // under the idle lock
};

struct worker {
  rt::plain<processor*> p{nullptr};
  rt::plain<bool> searching{false};
  bool is_spare = false;         // under the idle lock
  worker* next_spare = nullptr;  // under the idle lock
  sched::thread_parker parker;
};

// As scheduler/global_queue.hpp.
struct global_queue {
  rt::spin_lock lock;
  std::vector<unit*> units;
  rt::atomic<std::uint32_t> size{0};

  void push(unit& u) {
    const rt::spin_guard guard(lock);
    units.push_back(&u);
    size.store(static_cast<std::uint32_t>(units.size()), std::memory_order_relaxed);
  }
  unit* pop() {
    if (size.load(std::memory_order_relaxed) == 0) return nullptr;
    const rt::spin_guard guard(lock);
    if (units.empty()) return nullptr;
    unit* first = units.front();
    units.erase(units.begin());
    size.store(static_cast<std::uint32_t>(units.size()), std::memory_order_relaxed);
    return first;
  }
};

template <std::size_t Count>
struct scheduler {
  std::array<processor, Count> processors;
  std::array<worker, Count> workers;
  sched::idle_state idle;
  rt::spin_lock idle_lock;
  processor* idle_processors = nullptr;
  worker* spare_workers = nullptr;
  global_queue global;
  rt::atomic<int> unfinished{0};
  rt::atomic<bool> stopping{false};

  // The first `busy` workers have a processor, the others are on their way to sleep or asleep.
  explicit scheduler(std::size_t busy, int units) {
    idle.reset(Count);
    unfinished.store(units, std::memory_order_relaxed);
    for (std::size_t i = 0; i < Count; ++i) {
      if (i < busy) {
        workers[i].p = &processors[i];
        idle.processor_taken(false);
      } else {
        push_idle(processors[i]);
        push_spare(workers[i]);
      }
    }
  }

  void push_idle(processor& p) {
    p.next_idle = idle_processors;
    idle_processors = &p;
  }
  processor* pop_idle() {
    processor* p = idle_processors;
    if (p != nullptr) idle_processors = p->next_idle;
    return p;
  }
  void push_spare(worker& w) {
    w.is_spare = true;
    w.next_spare = spare_workers;
    spare_workers = &w;
  }
  bool remove_spare(worker& w) {
    if (!w.is_spare) return false;
    worker** link = &spare_workers;
    while (*link != &w) link = &(*link)->next_spare;
    *link = w.next_spare;
    w.is_spare = false;
    return true;
  }
  bool take_as_searcher(worker& w) {
    processor* p = pop_idle();
    if (p == nullptr) return false;
    w.p = p;
    w.searching = true;
    idle.processor_taken(true);
    return true;
  }

  void wake_if_needed() {
    if (idle.should_wake()) wake_one();
  }
  void wake_one() {
    idle_lock.lock();
    if (idle_processors == nullptr || idle.searching() != 0 || spare_workers == nullptr) {
      idle_lock.unlock();
      return;
    }
    worker& w = *spare_workers;
    remove_spare(w);
    take_as_searcher(w);
    idle_lock.unlock();
    w.parker.unpark();
  }

  void push(worker& self, unit& u) {
    u.prepared = 1;
    model::check(self.p.read()->queue.push(&u), "there is room");
    wake_if_needed();
  }
  void inject(unit& u) {
    u.prepared = 1;
    global.push(u);
    wake_if_needed();
  }

  bool work_is_waiting() {
    if (global.size.load(std::memory_order_relaxed) != 0) return true;
    for (processor& p : processors)
      if (!p.queue.empty()) return true;
    return false;
  }

  unit* find(worker& self) {
    processor& p = *self.p.read();
    unit* next = global.pop();
    if (next == nullptr) next = p.queue.pop();
    if (next == nullptr && (self.searching || idle.try_start_searching())) {
      self.searching = true;
      for (processor& victim : processors) {
        std::uint32_t stolen = 0;
        if (next == nullptr && &victim != &p) next = victim.queue.steal_into(p.queue, stolen);
      }
      if (next == nullptr) next = global.pop();
    }
    if (next != nullptr && self.searching) {
      self.searching = false;
      if (idle.stop_searching() && work_is_waiting()) wake_if_needed();
    }
    return next;
  }

  void wait_for_processor(worker& self) {
    {
      const rt::spin_guard guard(idle_lock);
      if (!self.is_spare && self.p.read() == nullptr) push_spare(self);
    }
    for (;;) {
      self.parker.park();
      // Woken to stop, not by who gives processors: p may be written at this moment.
      if (stopping.load(std::memory_order_relaxed)) return;
      if (self.p.read() != nullptr) return;
    }
  }

  void sleep(worker& self) {
    idle_lock.lock();
    push_idle(*self.p.read());
    push_spare(self);
    self.p = nullptr;
    const bool was_searching = self.searching;
    self.searching = false;
    idle.processor_went_idle(was_searching);
    idle_lock.unlock();
    if (work_is_waiting()) {
      const rt::spin_guard guard(idle_lock);
      if (remove_spare(self)) {
        if (take_as_searcher(self)) return;
        push_spare(self);
      }
    }
    wait_for_processor(self);
  }

  void run(unit& u) {
    model::check(u.prepared == 1, "the unit is complete");
    u.prepared = 2;
    while (u.waits_for != nullptr && !u.waits_for->done.load(std::memory_order_relaxed))
      rt::cpu_relax();
    u.done.store(true, std::memory_order_relaxed);
    if (unfinished.fetch_sub(1, std::memory_order_relaxed) != 1) return;
    stopping.store(true, std::memory_order_relaxed);
    for (worker& w : workers) w.parker.unpark();
  }

  void worker_loop(worker& self) {
    for (;;) {
      if (stopping.load(std::memory_order_relaxed)) return;
      if (unit* next = find(self))
        run(*next);
      else
        sleep(self);
    }
  }
};

// A worker pushes and is busy until somebody else has run it; the other one is falling asleep.
void pushed_while_falling_asleep() {
  auto& s = model::make<scheduler<2>>(std::size_t{2}, 2);
  auto& first = model::make<unit>();
  auto& second = model::make<unit>();
  first.waits_for = &second;
  model::thread("busy", [&] {
    first.prepared = 1;
    s.push(s.workers[0], second);
    s.run(first);
    s.worker_loop(s.workers[0]);
  });
  model::thread("sleeper", [&] { s.worker_loop(s.workers[1]); });
  model::join_all();
}

// The same from outside: a thread that is no worker.
void injected_while_falling_asleep() {
  auto& s = model::make<scheduler<1>>(std::size_t{1}, 1);
  auto& only = model::make<unit>();
  model::thread("foreign", [&] { s.inject(only); });
  model::thread("sleeper", [&] { s.worker_loop(s.workers[0]); });
  model::join_all();
}

// The only searcher finds something just when more is pushed; a pusher that saw it searching wakes
// nobody, so it has to. What it found keeps it busy until the other has been run by a third.
void searcher_finds_while_more_comes() {
  auto& s = model::make<scheduler<2>>(std::size_t{1}, 2);
  auto& first = model::make<unit>();
  auto& second = model::make<unit>();
  first.waits_for = &second;
  s.global.push(first);
  first.prepared = 1;
  model::check(s.idle.try_start_searching(), "nobody searches yet");
  s.workers[0].searching = true;
  model::thread("searcher", [&] { s.worker_loop(s.workers[0]); });
  model::thread("foreign", [&] { s.inject(second); });
  model::thread("asleep", [&] {
    s.wait_for_processor(s.workers[1]);
    s.worker_loop(s.workers[1]);
  });
  model::join_all();
}

}  // namespace

int main(int argc, char** argv) {
  return weft::model::verify(argc, argv,
                             {
                                 {"injected while falling asleep",
                                  {.preemptions = 3, .stale_reads = 2},
                                  injected_while_falling_asleep},
                                 {"pushed while falling asleep",
                                  {.preemptions = 2, .stale_reads = 2},
                                  pushed_while_falling_asleep},
                                 {"searcher finds while more comes",
                                  {.preemptions = 2, .stale_reads = 1},
                                  searcher_finds_while_more_comes},
                             },
                             {
                                 {"local_queue.push_head", "shown by local_queue_model"},
                                 {"local_queue.steal_into_head", "shown by local_queue_model"},
                                 {"local_queue.steal_take", "shown by local_queue_model"},
                             });
}
