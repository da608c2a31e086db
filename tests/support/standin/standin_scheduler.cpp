#include "tests/support/standin/standin_scheduler.hpp"

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <exception>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include <weft/error.hpp>
#include "runtime/base/choose.hpp"
#include "runtime/stack/stack_pool.hpp"
#include "runtime/task/wait.hpp"

namespace standin {
namespace {

using weft::rt::task;
using weft::rt::task_state;

enum class after : std::uint8_t { nothing, unlock, commit, requeue, finish };

struct state {
  options how;
  outcome result;
  weft::rt::context native;
  std::thread::id thread;
  std::uint64_t next_id = 1;
  std::vector<task*> live;
  weft::rt::choice_state choices;

  // What the task that was left wants done once it is off its stack.
  after what = after::nothing;
  weft::rt::spin_lock* held = nullptr;
  weft::rt::winner_word* word = nullptr;

  // Under the mutex: other threads make tasks ready and hold `outside`.
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<task*> queue;
  int outside = 0;

  std::multimap<std::int64_t, weft::rt::timer_node*> timers;
  std::int64_t first_moment = 0;
  std::int64_t now = 0;
};

state* the = nullptr;

void push(task& t) {
  const std::lock_guard hold(the->mutex);
  t.state.store(task_state::runnable, std::memory_order_relaxed);
  the->queue.push_back(&t);
  the->changed.notify_one();
}

task* pop() {
  const std::lock_guard hold(the->mutex);
  if (the->queue.empty()) return nullptr;
  std::size_t at = 0;
  if (the->how.shuffle)
    at = weft::rt::choose_below(the->choices, static_cast<std::uint32_t>(the->queue.size()));
  task* taken = the->queue[at];
  the->queue.erase(the->queue.begin() + static_cast<std::ptrdiff_t>(at));
  return taken;
}

[[noreturn]] void entry(void* arg) {
  task& self = *static_cast<task*>(arg);
  try {
    self.run(self.closure);
  } catch (const weft::task_cancelled&) {
    self.ended_early = true;
  } catch (const weft::deadlocked&) {
    self.ended_early = true;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "standin: an exception left a task: %s\n", e.what());
    std::abort();
  } catch (...) {
    std::fprintf(stderr, "standin: an exception left a task\n");
    std::abort();
  }
  self.cancel.finish();
  the->what = after::finish;
  weft::rt::context_leave(self.ctx, the->native);
}

void resume(task& t) {
  ++the->result.switches;
  t.state.store(task_state::running, std::memory_order_relaxed);
  weft::rt::this_thread().current = &t;
  weft::rt::context_switch(the->native, t.ctx);
  weft::rt::this_thread().current = nullptr;
  const after what = std::exchange(the->what, after::nothing);
  switch (what) {
    case after::nothing:
      break;
    case after::unlock:
      t.state.store(task_state::parked, std::memory_order_relaxed);
      the->held->unlock();
      break;
    case after::commit:
      t.state.store(task_state::parked, std::memory_order_relaxed);
      if (!the->word->try_park()) push(t);
      break;
    case after::requeue:
      push(t);
      break;
    case after::finish:
      t.state.store(task_state::unused, std::memory_order_relaxed);
      weft::rt::context_destroy(t.ctx);
      std::erase(the->live, &t);
      weft::rt::stack_pool::of_class(weft::rt::task_stack_class).release(t.stack());
      break;
  }
}

void leave(task& self, after what) {
  the->what = what;
  weft::rt::context_switch(self.ctx, the->native);
}

bool fire_earliest() {
  if (the->timers.empty()) return false;
  const auto first = the->timers.begin();
  weft::rt::timer_node& timer = *first->second;
  the->now = std::max(the->now, first->first);
  the->result.longest_wait_ns =
      std::max(the->result.longest_wait_ns, the->now - the->first_moment);
  the->timers.erase(first);
  timer.position = 0;
  timer.fire(timer);
  return true;
}

// True if something may be runnable again.
bool wait_for_others() {
  std::unique_lock hold(the->mutex);
  the->changed.wait(hold, [] { return !the->queue.empty() || the->outside == 0; });
  return !the->queue.empty();
}

// False if none of them lets itself be interrupted.
bool unwind_all() {
  the->result.deadlocked = true;
  bool any = false;
  const std::vector<task*> stuck = the->live;
  for (task* t : stuck) {
    t->cancel.inspect([&any](weft::rt::wait_site& site) {
      any |= weft::rt::interrupt_wait(site, weft::rt::wait_result::deadlocked);
    });
  }
  return any;
}

void loop() {
  while (!the->live.empty()) {
    if (task* next = pop()) {
      resume(*next);
    } else if (the->how.idle && the->how.idle()) {
    } else if (fire_earliest()) {
    } else if (wait_for_others()) {
    } else if (!unwind_all()) {
      std::fprintf(stderr, "standin: tasks that cannot be interrupted are stuck\n");
      std::abort();
    }
  }
}

}  // namespace

outcome run(std::function<void()> f, options o) {
  state here;
  here.how = std::move(o);
  here.thread = std::this_thread::get_id();
  weft::rt::choose_seed(here.choices, here.how.seed);
  here.first_moment = here.now = weft::rt::now_ns();
  the = &here;
  weft::rt::context_adopt(here.native);
  go(std::move(f));
  loop();
  weft::rt::context_abandon(here.native);
  the = nullptr;
  return here.result;
}

std::size_t runnable() {
  const std::lock_guard hold(the->mutex);
  return the->queue.size();
}

void settle() {
  while (runnable() > 0) weft::rt::yield_task(*weft::rt::current_task());
}

outside::outside() {
  const std::lock_guard hold(the->mutex);
  ++the->outside;
}

outside::~outside() {
  const std::lock_guard hold(the->mutex);
  --the->outside;
  the->changed.notify_one();
}

}  // namespace standin

namespace weft::rt {

using standin::the;

void park_task(task& self, spin_lock& held) noexcept {
  the->held = &held;
  standin::leave(self, standin::after::unlock);
}

void park_task_any(task& self, winner_word& word) noexcept {
  the->word = &word;
  standin::leave(self, standin::after::commit);
}

void ready_task(task& parked) noexcept {
  WEFT_CHECK(parked.state.load(std::memory_order_relaxed) == task_state::parked,
             "a task is made ready once a park");
  standin::push(parked);
}

void yield_task(task& self) noexcept { standin::leave(self, standin::after::requeue); }

void pin_task(task& self) noexcept { ++self.pins; }  // there is one thread only
void unpin_task(task& self) noexcept { --self.pins; }

task& allocate_task(std::size_t closure_size, std::size_t closure_align, const void* spawn_pc) {
  if (the == nullptr) throw error("standin: spawn outside of run()");
  const stack_span span = stack_pool::of_class(task_stack_class).allocate();
  if (!span) throw std::bad_alloc();
  task& fresh = record_of(span);
  if (!fresh.is_marked()) {
    ::new (&fresh) task;
    fresh.mark();
  }
  fresh.id = the->next_id++;
  const task* parent = current_task();
  fresh.parent_id = parent != nullptr ? parent->id : 0;
  fresh.spawn_pc = spawn_pc;
  fresh.name[0] = '\0';
  fresh.ended_early = false;
  fresh.locals = nullptr;
  auto top = reinterpret_cast<std::uintptr_t>(&fresh);
  top = (top - closure_size) & ~(std::uintptr_t{closure_align < 16 ? 16 : closure_align} - 1);
  fresh.closure = reinterpret_cast<void*>(top);
  context_make(fresh.ctx, {span.lo, reinterpret_cast<std::byte*>(top)}, &standin::entry, &fresh);
  return fresh;
}

void start_task(task& fresh) noexcept {
  fresh.cancel.start();
  the->live.push_back(&fresh);
  ++the->result.tasks;
  standin::push(fresh);
}

void discard_task(task& fresh) noexcept {
  context_destroy(fresh.ctx);
  stack_pool::of_class(task_stack_class).release(fresh.stack());
}

void arm_timer(timer_node& timer, std::int64_t when_ns) noexcept {
  timer.when_ns = when_ns;
  timer.position = 1;
  the->timers.emplace(when_ns, &timer);
}

bool disarm_timer(timer_node& timer) noexcept {
  if (timer.position == 0) return false;
  for (auto [at, end] = the->timers.equal_range(timer.when_ns); at != end; ++at) {
    if (at->second != &timer) continue;
    the->timers.erase(at);
    timer.position = 0;
    return true;
  }
  return false;
}

std::int64_t coarse_now_ns() noexcept { return the != nullptr ? the->now : now_ns(); }

void enter_blocking(task&) noexcept {}
void leave_blocking(task&) noexcept {}
void io_wait_begin() noexcept {}
void io_wait_end() noexcept {}
void note_outside(outside_event) noexcept {}

std::uint32_t choose_here(std::uint32_t bound) noexcept {
  if (the != nullptr && std::this_thread::get_id() == the->thread)
    return choose_below(the->choices, bound);
  return choose_below(this_thread().choices, bound);
}

}  // namespace weft::rt
