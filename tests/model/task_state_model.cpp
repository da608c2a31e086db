// runtime/task/cancel_state.hpp under the explorer: a task that waits, who wakes it, who cancels
// it.
//   A request is never lost: a cancelled task does not stay parked.
//   A canceller looks only at sites that exist, also when the wait ends meanwhile or the task ends.
//   When the task has finished its record is clean, so that the next task in it is not cancelled.
#include "runtime/task/cancel_state.hpp"

#include "explorer/suite.hpp"
#include "runtime/base/futex.hpp"

namespace {

using namespace weft;

struct wait_place {  // the thing waited for: outlives the waits
  rt::spin_lock lock;
};

struct site {  // on the waiting task's stack
  rt::plain<rt::spin_lock*> lock;
  rt::plain<bool> linked;
  rt::plain<bool> cancelled;
  rt::atomic<std::uint32_t> ready{0};
};

struct world {
  wait_place place;
  rt::plain<site*> waiting;  // under place.lock
  rt::cancel_state<site> cancel;
  rt::plain<int> record;  // the rest of the task's record
};

void make_ready(site& s) {
  s.ready.store(1, std::memory_order_release);
  rt::futex_wake(s.ready, 1);
}

// As wait_one(). True: it was cancelled.
bool wait(world& w) {
  w.place.lock.lock();
  site here;
  here.lock = &w.place.lock;
  here.linked = true;
  w.waiting = &here;
  if (w.cancel.publish(here)) {
    here.linked = false;
    here.cancelled = true;
    w.waiting = nullptr;
    w.place.lock.unlock();
  } else {
    w.place.lock.unlock();
    while (here.ready.load(std::memory_order_acquire) == 0) rt::futex_wait(here.ready, 0);
  }
  w.cancel.withdraw();
  return here.cancelled;
}

void look(world& w, site& s) {
  {
    const rt::spin_guard hold(*s.lock.read());
    if (!s.linked) return;
    s.linked = false;
    s.cancelled = true;
    w.waiting = nullptr;
  }
  make_ready(s);
}

void wake(world& w) {
  w.place.lock.lock();
  site* found = w.waiting;
  if (found != nullptr) {
    found->linked = false;
    w.waiting = nullptr;
  }
  w.place.lock.unlock();
  // Not the node's memory: a task is made ready by its record, here by a word that the wake of a
  // futex does not read.
  if (found != nullptr) make_ready(*found);
}

void start(world& w, int record) {
  w.record = record;
  w.cancel.start();
}

// Nobody but the canceller ends the wait.
void cancelled_in_a_wait() {
  auto& w = model::make<world>();
  start(w, 1);
  model::thread("task", [&] {
    model::check(wait(w), "ended by the canceller");
    w.cancel.finish();
    w.record = 2;
  });
  model::thread("canceller", [&] {
    const bool live = w.cancel.request([&](site& s) { look(w, s); });
    model::check(live, "the task cannot end before");
  });
  model::join_all();
  model::check(!w.cancel.requested(), "the record is clean");
}

// Somebody wakes the task at the same time.
void cancelled_and_woken() {
  auto& w = model::make<world>();
  start(w, 1);
  model::thread("task", [&] {
    (void)wait(w);
    w.cancel.finish();
    w.record = 2;
  });
  model::thread("canceller", [&] { w.cancel.request([&](site& s) { look(w, s); }); });
  model::thread("waker", [&] { wake(w); });
  model::join_all();
  model::check(!w.cancel.requested(), "the record is clean");
}

// The task ends, and the next one begins in the same record.
void record_is_reused() {
  auto& w = model::make<world>();
  start(w, 1);
  model::thread("task", [&] {
    w.cancel.finish();
    start(w, 2);
    if (w.cancel.requested()) w.cancel.finish();
  });
  model::thread("canceller",
                [&] { w.cancel.request([&](site&) { model::fail("nobody waits"); }); });
  model::join_all();
}

// Two cancellers, one of which only looks.
void two_look() {
  auto& w = model::make<world>();
  start(w, 1);
  model::thread("task", [&] {
    model::check(wait(w), "ended by the canceller");
    w.cancel.finish();
  });
  model::thread("canceller", [&] { w.cancel.request([&](site& s) { look(w, s); }); });
  model::thread("reporter", [&] {
    w.cancel.inspect(
        [&](site& s) { model::check(s.lock.read() == &w.place.lock, "a whole site"); });
  });
  model::join_all();
  model::check(!w.cancel.requested(), "the record is clean");
}

// Nobody cancels: the one who looks has nothing to take back.
void looked_at_and_woken() {
  auto& w = model::make<world>();
  start(w, 1);
  model::thread("task", [&] {
    w.place.lock.lock();
    site here;
    here.lock = &w.place.lock;
    const bool cancelled = w.cancel.publish(here);
    w.place.lock.unlock();
    model::check(!cancelled, "nobody cancels");
    w.cancel.withdraw();
    here.lock = nullptr;
    w.cancel.finish();
    w.record = 2;
  });
  model::thread("reporter", [&] {
    w.cancel.inspect([&](site& s) {
      model::check(s.lock.read() == &w.place.lock, "a whole site");
      model::check(w.record == 1, "its own record");
    });
  });
  model::join_all();
}

}  // namespace

int main(int argc, char** argv) {
  const weft::model::options two{.preemptions = 4, .stale_reads = 4};
  const weft::model::options three{.preemptions = 2, .stale_reads = 2};
  const weft::model::options two_membarrier{.preemptions = 4, .stale_reads = 4, .membarrier = true};
  const weft::model::options three_membarrier{
      .preemptions = 2, .stale_reads = 2, .membarrier = true};
  return weft::model::verify(
      argc, argv,
      {
          {"cancelled in a wait", two, cancelled_in_a_wait},
          {"looked at", two, looked_at_and_woken},
          {"record is reused", two, record_is_reused},
          {"cancelled and woken", three, cancelled_and_woken},
          {"two look", three, two_look},
          {"membarrier: cancelled in a wait", two_membarrier, cancelled_in_a_wait},
          {"membarrier: looked at", two_membarrier, looked_at_and_woken},
          {"membarrier: record is reused", two_membarrier, record_is_reused},
          {"membarrier: cancelled and woken", three_membarrier, cancelled_and_woken},
          {"membarrier: two look", three_membarrier, two_look},
      });
}
