// semaphore.cpp, shared_mutex.cpp and wait_group.cpp of runtime/sync under the explorer, over the
// waiting protocol of runtime/task.
//   Units, the right to write and the right to read are given to no more than there is room for,
//   and who gets them sees what the ones before wrote. Nobody who waits is forgotten, also when one
//   in front of it gives up. Whoever comes back from wait_group's wait may destroy it.
#include "runtime/sync/semaphore.cpp"

#include "runtime/sync/shared_mutex.cpp"
#include "runtime/sync/wait_group.cpp"
#include "runtime/task/wait.cpp"
#include "seam.hpp"

namespace {

using namespace weft;
using rt::access;
using rt::wait_result;

// ---- semaphore
// -------------------------------------------------------------------------------------

struct counted {
  rt::semaphore_core units;
  rt::plain<int> value;

  bool acquire(std::int64_t n) {
    return units.try_acquire(n) || units.acquire_slow(n, nullptr, rt::never_ns) == wait_result::ok;
  }
};

void semaphore_as_lock(int threads, int times) {
  model::make<model::seam>(std::size_t{3});
  auto& s = model::make<counted>();
  s.units.release(1);
  static constexpr const char* names[] = {"A", "B", "C"};
  for (int i = 0; i < threads; ++i) {
    model::thread(names[i], [&, times] {
      for (int left = times; left != 0; --left) {
        model::check(s.acquire(1), "a unit");
        s.value = s.value + 1;
        s.units.release(1);
      }
    });
  }
  model::join_all();
  model::check(s.value == threads * times, "all counted");
}

// What was written before a release is seen by whoever gets a unit of it.
void semaphore_hands_on() {
  model::make<model::seam>(std::size_t{3});
  auto& s = model::make<counted>();
  model::thread("gives", [&] {
    s.value = 7;
    s.units.release(4);
  });
  model::thread("tries", [&] {
    if (s.units.try_acquire(1)) model::check(s.value == 7, "what came before");
  });
  model::thread("takes", [&] {
    model::check(s.acquire(2), "two units");
    model::check(s.value == 7, "what came before");
    model::check(s.acquire(1), "and the third");
  });
  model::join_all();
}

// B wants more than there is and is cancelled; C behind it wants little.
void semaphore_large_request_gives_up() {
  auto& tasks = model::make<model::seam>(std::size_t{3});
  auto& s = model::make<counted>();
  s.units.release(1);
  model::thread("large", [&] { model::check(!s.acquire(2), "there are never two"); });
  model::thread("small", [&] { model::check(s.acquire(1), "there is one"); });
  model::thread("canceller", [&] { rt::cancel_task(tasks.task_of(1)); });
  model::join_all();
}

// ---- shared_mutex
// ----------------------------------------------------------------------------------

struct shared {
  rt::shared_mutex_core lock;
  rt::plain<int> value;

  bool acquire(access how) {
    const rt::owner_token me = rt::caller_token();
    return lock.try_acquire(how, me) ||
           lock.acquire_slow(how, me, nullptr, rt::never_ns) == wait_result::ok;
  }
  void write() {
    model::check(acquire(access::exclusive), "to write");
    value = value + 1;
    lock.release_exclusive();
  }
  void read() {
    model::check(acquire(access::shared), "to read");
    model::check(value >= 0, "a value");
    lock.release_shared();
  }
};

void writers_and_readers(int writers, int readers) {
  model::make<model::seam>(std::size_t{3});
  auto& s = model::make<shared>();
  for (int i = 0; i < writers; ++i)
    model::thread(i == 0 ? "writer 1" : "writer 2", [&] { s.write(); });
  for (int i = 0; i < readers; ++i)
    model::thread(i == 0 ? "reader 1" : "reader 2", [&] { s.read(); });
  model::join_all();
  model::check(s.value == writers, "all written");
}

// A reader holds it, a writer waits and is cancelled, another reader waits behind the writer. What
// was written before reaches that one by the word alone.
void writer_gives_up() {
  auto& tasks = model::make<model::seam>(std::size_t{4});
  auto& s = model::make<shared>();
  model::thread("holder", [&] {
    s.write();
    model::check(s.acquire(access::shared), "to read on");
  });
  model::thread("writer", [&] {
    if (s.acquire(access::exclusive)) s.lock.release_exclusive();
  });
  model::thread("reader", [&] { s.read(); });
  model::thread("canceller", [&] { rt::cancel_task(tasks.task_of(2)); });
  model::join_all();
  s.lock.release_shared();
}

// ---- wait_group
// ------------------------------------------------------------------------------------

struct finishing {
  rt::wait_group_core left;
  rt::plain<int> work[2];
};

void wait_group_ends() {
  model::make<model::seam>(std::size_t{3});
  struct holder {
    finishing* object = new finishing;
  };
  auto& h = model::make<holder>();
  h.object->left.add(2);
  for (int i = 0; i < 2; ++i) {
    model::thread(i == 0 ? "first" : "second", [&, i] {
      h.object->work[i] = 1;
      h.object->left.add(-1);
    });
  }
  model::thread("waiter", [&] {
    model::check(h.object->left.wait(nullptr, rt::never_ns) == wait_result::ok, "all done");
    model::check(h.object->work[0] == 1 && h.object->work[1] == 1, "what they did");
    delete h.object;
  });
  model::join_all();
}

void wait_group_two_wait() {
  model::make<model::seam>(std::size_t{3});
  auto& s = model::make<finishing>();
  s.left.add(1);
  model::thread("works", [&] {
    s.work[0] = 1;
    s.left.add(-1);
  });
  for (const char* name : {"waiter 1", "waiter 2"}) {
    model::thread(name, [&] {
      model::check(s.left.wait(nullptr, rt::never_ns) == wait_result::ok, "all done");
      model::check(s.work[0] == 1, "what it did");
    });
  }
  model::join_all();
}

}  // namespace

namespace weft::rt {
void fatal_not_owner(const char* what, owner_token) noexcept {
  fatal(what);
}
}  // namespace weft::rt

int main(int argc, char** argv) {
  const weft::model::options two{.preemptions = 3, .stale_reads = 1, .membarrier = true};
  const weft::model::options three{.preemptions = 2, .stale_reads = 1, .membarrier = true};
  return weft::model::verify(
      argc, argv,
      {
          {"semaphore: two", two, [] { semaphore_as_lock(2, 2); }},
          {"semaphore: three", three, [] { semaphore_as_lock(3, 1); }},
          {"semaphore: hands on", two, semaphore_hands_on},
          {"semaphore: large request gives up", three, semaphore_large_request_gives_up},
          {"shared_mutex: writer and reader", two, [] { writers_and_readers(1, 1); }},
          {"shared_mutex: writer and readers", three, [] { writers_and_readers(1, 2); }},
          {"shared_mutex: writers and reader", three, [] { writers_and_readers(2, 1); }},
          {"shared_mutex: writer gives up",
           {.preemptions = 2, .stale_reads = 0, .membarrier = true},
           writer_gives_up},
          {"wait_group: ends", three, wait_group_ends},
          {"wait_group: two wait", three, wait_group_two_wait},
      },
      {
          {"cancel_state.*", "shown by task_state_model"},
          {"winner.*", "shown by winner_model"},
      });
}
