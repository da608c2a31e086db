// Mutexes, shared_mutexes and semaphores as cases of a select, under the explorer: runtime/sync and
// select with their own sources, over the waiting protocol of runtime/task.
//   What a select has chosen it has, and nothing else. A thing with a fast path that does not lock is
//   looked at in the same moment as the others. A select that gives up, or wins elsewhere, leaves
//   what it waited for to the next.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#include <algorithm>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <utility>
#include <vector>

#include "seam.hpp"

// The public header knows only std::atomic; here its words are the explorer's.
namespace std {
template <class T>
using explored_atomic = weft::model::atomic<T>;
}  // namespace std
#include <weft/detail/export.hpp>
#define atomic explored_atomic
#include <weft/detail/chan_core.hpp>
#undef atomic

#include "runtime/chan/chan.cpp"
#include "runtime/chan/chan_core.cpp"
#include "runtime/chan/chan_select.cpp"
#include "runtime/chan/select.cpp"
#include "runtime/chan/select_locked.cpp"
#include "runtime/chan/timer_chan.cpp"
#include "runtime/sync/mutex.cpp"
#include "runtime/sync/semaphore.cpp"
#include "runtime/sync/shared_mutex.cpp"
#include "runtime/task/error.cpp"
#include "runtime/task/wait.cpp"
#include "runtime/time/deadline.cpp"

namespace {

using namespace weft;
using detail::select_case;
using rt::mutex_core;
using rt::wait_result;

// The cores, in the memory of the explorer. A case names one, as the public clauses do by the public
// object around it.
struct things {
  mutex_core a, b;
  rt::shared_mutex_core rw;
  rt::semaphore_core s;
  rt::plain<int> of_a, of_b;
};

mutex_core& core(void* object) { return *static_cast<mutex_core*>(object); }

// The tables of the library, but for cores that are not inside a public object.
const rt::select_ops on_mutex = {
    rt::wait_reason::mutex_lock,
    [](void* o) noexcept -> rt::spin_lock& { return core(o).lock(); },
    [](const select_case& c) noexcept { return core(c.object).looks_free(); },
    [](select_case& c, rt::wake_up&) noexcept {
      return core(c.object).poll_locked() ? rt::select_poll::done : rt::select_poll::not_ready;
    },
    [](select_case& c, rt::wait_node& n) noexcept { core(c.object).enqueue_locked(n); },
    [](select_case& c, rt::wait_node& n) noexcept { core(c.object).dequeue_locked(n); },
    nullptr,
    [](select_case& c) noexcept { core(c.object).thaw_locked(); }};

rt::semaphore_core& units(void* object) { return *static_cast<rt::semaphore_core*>(object); }
std::int64_t wanted(const select_case& c) { return static_cast<std::int64_t>(c.amount); }

const rt::select_ops on_semaphore = {
    rt::wait_reason::semaphore_acquire,
    [](void* o) noexcept -> rt::spin_lock& { return units(o).lock(); },
    [](const select_case& c) noexcept { return units(c.object).looks_enough(wanted(c)); },
    [](select_case& c, rt::wake_up&) noexcept {
      return units(c.object).poll_locked(wanted(c)) ? rt::select_poll::done
                                                    : rt::select_poll::not_ready;
    },
    [](select_case& c, rt::wait_node& n) noexcept { units(c.object).enqueue_locked(n); },
    [](select_case& c, rt::wait_node& n) noexcept { units(c.object).dequeue_locked(n); },
    [](select_case& c) noexcept { units(c.object).give_up(); },
    [](select_case& c) noexcept { units(c.object).thaw_locked(); }};

rt::shared_mutex_core& shared(void* object) { return *static_cast<rt::shared_mutex_core*>(object); }

const rt::select_ops on_shared_mutex = {
    rt::wait_reason::shared_mutex_lock,
    [](void* o) noexcept -> rt::spin_lock& { return shared(o).lock(); },
    [](const select_case& c) noexcept { return shared(c.object).looks_free(); },
    [](select_case& c, rt::wake_up&) noexcept {
      return shared(c.object).poll_locked() ? rt::select_poll::done : rt::select_poll::not_ready;
    },
    [](select_case& c, rt::wait_node& n) noexcept { shared(c.object).enqueue_locked(n); },
    [](select_case& c, rt::wait_node& n) noexcept { shared(c.object).dequeue_locked(n); },
    [](select_case& c) noexcept { shared(c.object).leave(); },
    [](select_case& c) noexcept { shared(c.object).thaw_locked(); }};

select_case on(const rt::select_ops& ops, void* object, std::uint64_t amount = 0) {
  select_case c;
  c.ops = &ops;
  c.object = object;
  c.amount = amount;
  return c;
}

int select_two(select_case first, select_case second, bool has_otherwise = false) {
  select_case cases[] = {first, second, {}};
  detail::select_plan plan;
  if (has_otherwise) plan.add_otherwise(2);
  return detail::select_run(cases, has_otherwise ? 3 : 2, plan, nullptr);
}

void use(mutex_core& m, rt::plain<int>& value) {
  const rt::owner_token me = rt::caller_token();
  if (!m.try_acquire(me))
    model::check(m.acquire_slow(me, nullptr, rt::never_ns, rt::interruptible::yes) == wait_result::ok,
                 "the lock");
  value = value + 1;
  m.release();
}

void select_takes_turns_with_a_lock() {
  model::make<model::seam>(std::size_t{2});
  auto& t = model::make<things>();
  model::thread("locks", [&] { use(t.a, t.of_a); });
  model::thread("selects", [&] {
    model::check(select_two(on(on_mutex, &t.a), on(on_semaphore, &t.s, 1)) == 0, "no units come");
    t.of_a = t.of_a + 1;
    t.a.release();
  });
  model::join_all();
  model::check(t.of_a == 2, "both had it");
}

// A owns one of two locks at most: at each moment one is free.
void otherwise_sees_one_moment() {
  model::make<model::seam>(std::size_t{2});
  auto& t = model::make<things>();
  model::thread("moves", [&] {
    use(t.a, t.of_a);
    use(t.b, t.of_b);
  });
  model::thread("looks", [&] {
    switch (select_two(on(on_mutex, &t.a), on(on_mutex, &t.b), true)) {
      case 0: t.a.release(); break;
      case 1: t.b.release(); break;
      default: model::fail("one of the two was free");
    }
  });
  model::join_all();
}

// A select that is cancelled, or wins elsewhere, does not keep the lock from who waits behind it.
void cancelled_select_leaves_the_lock() {
  auto& tasks = model::make<model::seam>(std::size_t{4});
  auto& t = model::make<things>();
  model::thread("owner", [&] { use(t.a, t.of_a); });
  model::thread("selects", [&] {
    try {
      if (select_two(on(on_mutex, &t.a), on(on_semaphore, &t.s, 1)) == 0) t.a.release();
    } catch (const task_cancelled&) {
    }
  });
  model::thread("waits", [&] { use(t.a, t.of_a); });
  model::thread("ends", [&] { rt::cancel_task(tasks.task_of(2)); });
  model::join_all();
  model::check(t.of_a == 2, "nobody was forgotten");
}

void select_wins_elsewhere() {
  model::make<model::seam>(std::size_t{3});
  auto& t = model::make<things>();
  model::thread("owner", [&] { use(t.a, t.of_a); });
  model::thread("selects", [&] {
    if (select_two(on(on_mutex, &t.a), on(on_semaphore, &t.s, 1)) == 0) {
      t.a.release();
      model::check(t.s.try_acquire(1) || t.s.acquire_slow(1, nullptr, rt::never_ns) ==
                                              wait_result::ok, "the unit was left");
    }
  });
  model::thread("gives", [&] {
    t.s.release(1);
    use(t.a, t.of_a);
  });
  model::join_all();
  model::check(t.of_a == 2, "nobody was forgotten");
}

// What came before a release is seen by the select that got the units; a large request in a select
// is not overtaken for ever, and when it wins elsewhere the small one behind it goes on.
void units_of_a_select() {
  model::make<model::seam>(std::size_t{2});
  auto& t = model::make<things>();
  model::thread("gives", [&] {
    t.of_a = 7;
    t.s.release(2);
  });
  model::thread("selects", [&] {
    model::check(select_two(on(on_semaphore, &t.s, 2), on(on_semaphore, &t.s, 3)) == 0, "two units");
    model::check(t.of_a == 7, "what came before");
  });
  model::join_all();
}

void large_request_gives_up() {
  auto& tasks = model::make<model::seam>(std::size_t{3});
  auto& t = model::make<things>();
  t.s.release(1);
  model::thread("large", [&] {
    try {
      (void)select_two(on(on_semaphore, &t.s, 2), on(on_semaphore, &t.s, 3));
      model::fail("there are never two");
    } catch (const task_cancelled&) {
    }
  });
  model::thread("small", [&] {
    model::check(t.s.try_acquire(1) ||
                     t.s.acquire_slow(1, nullptr, rt::never_ns) == wait_result::ok,
                 "there is one");
  });
  model::thread("ends", [&] { rt::cancel_task(tasks.task_of(1)); });
  model::join_all();
}

void writer_in_a_select() {
  model::make<model::seam>(std::size_t{2});
  auto& t = model::make<things>();
  model::thread("reads", [&] {
    const rt::owner_token me = rt::caller_token();
    if (!t.rw.try_acquire(rt::access::shared, me))
      (void)t.rw.acquire_slow(rt::access::shared, me, nullptr, rt::never_ns);
    model::check(t.of_a >= 0, "a value");
    t.rw.release_shared();
  });
  model::thread("selects", [&] {
    model::check(select_two(on(on_shared_mutex, &t.rw), on(on_semaphore, &t.s, 1)) == 0, "to write");
    t.of_a = t.of_a + 1;
    t.rw.release_exclusive();
  });
  model::join_all();
}

}  // namespace

namespace weft::rt {
void fatal_not_owner(const char* what, owner_token) noexcept { fatal(what); }
}  // namespace weft::rt

int main(int argc, char** argv) {
  const weft::model::options two{.preemptions = 3, .stale_reads = 1, .membarrier = true};
  const weft::model::options three{.preemptions = 2, .stale_reads = 0, .membarrier = true};
  return weft::model::verify(
      argc, argv,
      {
          {"mutex: takes turns", two, select_takes_turns_with_a_lock},
          {"otherwise: one moment", two, otherwise_sees_one_moment},
          {"mutex: cancelled select", three, cancelled_select_leaves_the_lock},
          {"mutex: wins elsewhere", three, select_wins_elsewhere},
          {"semaphore: units of a select", two, units_of_a_select},
          {"semaphore: large request gives up", three, large_request_gives_up},
          {"shared_mutex: to write", two, writer_in_a_select},
      },
      {
          {"cancel_state.*", "shown by task_state_model"},
          {"winner.*", "shown by winner_model"},
          {"mutex.*", "shown by mutex_model"},
          {"semaphore.acquire", "shown by sync_model"},
          {"semaphore.grant", "shown by sync_model"},
          {"shared_mutex.last_reader", "shown by sync_model"},
          {"shared_mutex.acquire", "shown by sync_model"},
          {"shared_mutex.received", "shown by sync_model"},
          {"shared_mutex.hand_over", "shown by sync_model"},
      });
}
