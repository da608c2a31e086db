// runtime/sync/mutex.cpp and condition_variable.cpp under the explorer, over the waiting protocol
// of runtime/task.
//   One task at a time is inside, and sees what the one before it wrote.
//   Nobody who waits is forgotten, whether the lock is handed over, competed for, or given up.
//   Whoever got the lock last may destroy it.
#include "runtime/sync/mutex.cpp"

#include "runtime/sync/condition_variable.cpp"
#include "runtime/task/wait.cpp"
#include "seam.hpp"

namespace {

using namespace weft;
using rt::wait_result;

constexpr std::int64_t impatient_ns = 10'000'000;  // each look at the clock is later than patience

struct guarded {
  rt::mutex_core lock;
  rt::plain<int> value;

  void acquire() {
    const rt::owner_token me = rt::caller_token();
    if (!lock.try_acquire(me))
      model::check(
          lock.acquire_slow(me, nullptr, rt::never_ns, rt::interruptible::no) == wait_result::ok,
          "the lock is got");
  }
  void count() {
    acquire();
    value = value + 1;
    lock.release();
  }
};

void contended(int threads, int times, std::int64_t clock_step_ns) {
  auto& tasks = model::make<model::seam>(static_cast<std::size_t>(threads));
  tasks.clock_step_ns = clock_step_ns;
  auto& s = model::make<guarded>();
  static constexpr const char* names[] = {"A", "B", "C"};
  for (int i = 0; i < threads; ++i) {
    model::thread(names[i], [&, times] {
      for (int left = times; left != 0; --left) s.count();
    });
  }
  model::join_all();
  model::check(s.value == threads * times, "all counted");
}

// B is cancelled while it waits, or has the lock by then.
void cancelled() {
  auto& tasks = model::make<model::seam>(std::size_t{3});
  auto& s = model::make<guarded>();
  model::thread("A", [&] { s.count(); });
  model::thread("B", [&] {
    const rt::owner_token me = rt::caller_token();
    if (!s.lock.try_acquire(me) &&
        s.lock.acquire_slow(me, nullptr, rt::never_ns, rt::interruptible::yes) != wait_result::ok)
      return;
    s.value = s.value + 1;
    s.lock.release();
  });
  model::thread("canceller", [&] { rt::cancel_task(tasks.task_of(2)); });
  model::join_all();
  s.count();
  model::check(s.value >= 2, "free at the end");
}

// B waits until its time has come, or has the lock by then.
void timed_out() {
  auto& tasks = model::make<model::seam>(std::size_t{3});
  auto& s = model::make<guarded>();
  model::thread("A", [&] { s.count(); });
  model::thread("B", [&] {
    const rt::owner_token me = rt::caller_token();
    if (!s.lock.try_acquire(me) &&
        s.lock.acquire_slow(me, nullptr, 5, rt::interruptible::yes) != wait_result::ok)
      return;
    s.value = s.value + 1;
    s.lock.release();
  });
  model::thread("clock", [&] { tasks.expire(); });
  model::join_all();
  s.count();
  model::check(s.value >= 2, "free at the end");
}

// The last of two destroys the object and the lock in it.
void last_one_destroys(std::int64_t clock_step_ns) {
  auto& tasks = model::make<model::seam>(std::size_t{2});
  tasks.clock_step_ns = clock_step_ns;
  struct holder {
    guarded* object = new guarded;
  };
  auto& h = model::make<holder>();
  h.object->value = 2;
  for (const char* name : {"A", "B"}) {
    model::thread(name, [&] {
      h.object->acquire();
      const bool last = (h.object->value = h.object->value - 1) == 0;
      h.object->lock.release();
      if (last) delete h.object;
    });
  }
  model::join_all();
}

struct signalled {
  rt::mutex_core lock;
  rt::condition_core changed;
  rt::plain<bool> is_set{false};

  void acquire() { lock.acquire_uninterrupted(nullptr); }
  wait_result wait() {
    const wait_result result = changed.wait(nullptr, rt::never_ns, [this] { lock.release(); });
    acquire();
    return result;
  }
  void set(bool for_all) {
    acquire();
    is_set = true;
    lock.release();
    if (for_all)
      changed.notify_all();
    else
      changed.notify_one();
  }
};

// Whoever waits for the state to change sees the change.
void condition(bool for_all) {
  model::make<model::seam>(std::size_t{3});
  auto& s = model::make<signalled>();
  for (const char* name : {"A", "B"}) {
    if (!for_all && name[0] == 'B') break;
    model::thread(name, [&] {
      s.acquire();
      while (!s.is_set) model::check(s.wait() == wait_result::ok, "notified");
      s.lock.release();
    });
  }
  model::thread("setter", [&, for_all] { s.set(for_all); });
  model::join_all();
  model::check(!s.changed.is_waited_for(), "nobody waits");
}

// One notify for two who wait, one of whom is cancelled: it is not spent on a wait that ends
// otherwise.
void condition_and_cancel() {
  auto& tasks = model::make<model::seam>(std::size_t{3});
  auto& s = model::make<signalled>();
  model::thread("A", [&] {
    s.acquire();
    while (!s.is_set) {
      if (s.wait() != wait_result::ok) break;
    }
    s.lock.release();
  });
  model::thread("setter", [&] { s.set(false); });
  model::thread("canceller", [&] { rt::cancel_task(tasks.task_of(1)); });
  model::join_all();
  model::check(!s.changed.is_waited_for(), "nobody waits");
}

}  // namespace

namespace weft::rt {
void fatal_not_owner(const char* what, owner_token) noexcept {
  fatal(what);
}
}  // namespace weft::rt

int main(int argc, char** argv) {
  return weft::model::verify(
      argc, argv,
      {
          {"two compete",
           {.preemptions = 3, .stale_reads = 2, .membarrier = true},
           [] { contended(2, 2, 0); }},
          {"two hand over",
           {.preemptions = 3, .stale_reads = 2, .membarrier = true},
           [] { contended(2, 2, impatient_ns); }},
          {"three compete",
           {.preemptions = 2, .stale_reads = 1, .membarrier = true},
           [] { contended(3, 1, 0); }},
          {"cancelled", {.preemptions = 2, .stale_reads = 1, .membarrier = true}, cancelled},
          {"timed out", {.preemptions = 2, .stale_reads = 1, .membarrier = true}, timed_out},
          {"last one destroys",
           {.preemptions = 3, .stale_reads = 2, .membarrier = true},
           [] { last_one_destroys(0); }},
          {"last one destroys, handed over",
           {.preemptions = 3, .stale_reads = 2, .membarrier = true},
           [] { last_one_destroys(impatient_ns); }},
          {"condition",
           {.preemptions = 2, .stale_reads = 1, .membarrier = true},
           [] { condition(false); }},
          {"condition, all",
           {.preemptions = 2, .stale_reads = 1, .membarrier = true},
           [] { condition(true); }},
          {"condition, cancelled",
           {.preemptions = 2, .stale_reads = 1, .membarrier = true},
           condition_and_cancel},
      },
      {
          {"cancel_state.*", "shown by task_state_model"},
          {"winner.*", "shown by winner_model"},
      });
}
