// Locks, conditions, semaphores, wait groups, barriers and onces, held across waits, by tasks and
// threads. The plain variables that they protect are the check, and TSan's.
#include <deque>
#include <mutex>
#include <shared_mutex>
#include <vector>

#include "tests/stress/stress.hpp"

namespace weft_stress {
namespace {

template <class F>
struct at_end {
  explicit at_end(F f) : f_(std::move(f)) {}
  at_end(const at_end&) = delete;
  at_end& operator=(const at_end&) = delete;
  ~at_end() { f_(); }

 private:
  F f_;
};

struct guarded {
  weft::mutex lock;
  std::uint64_t a = 0, b = 0;

  // A cancelled task leaves by an exception.
  void touch(rng& random) {
    STRESS_EQUAL(a, b);
    ++a;
    at_end after([&] { ++b; });
    if (random.one_in(3)) dawdle(random);
  }
};

struct shared_guarded {
  weft::shared_mutex lock;
  std::atomic<int> readers{0}, writers{0};
  std::uint64_t a = 0, b = 0;

  void write(rng& random) {
    STRESS_EQUAL(writers.fetch_add(1), 0);
    STRESS_EQUAL(readers.load(), 0);
    ++a;
    at_end after([&] {
      ++b;
      writers.fetch_sub(1);
    });
    if (random.one_in(3)) dawdle(random);
  }
  void read(rng& random) {
    readers.fetch_add(1);
    STRESS_EQUAL(writers.load(), 0);
    const std::uint64_t before = a;
    at_end after([&] {
      STRESS_EQUAL(before, b);
      readers.fetch_sub(1);
    });
    if (random.one_in(3)) dawdle(random);
  }
};

void lock_mutex(guarded& g, guarded& other, rng& random) {
  switch (random.below(6)) {
    case 0:
      if (std::unique_lock held(g.lock, std::try_to_lock); held) g.touch(random);
      break;
    case 1:
      if (g.lock.try_lock_for(random.up_to_us(100))) {
        std::unique_lock held(g.lock, std::adopt_lock);
        g.touch(random);
      }
      break;
    case 2:
      if (&g != &other) {
        std::scoped_lock held(g.lock, other.lock);
        g.touch(random);
        other.touch(random);
      }
      break;
    default: {
      std::scoped_lock held(g.lock);
      g.touch(random);
      break;
    }
  }
}

void lock_shared(shared_guarded& s, rng& random) {
  switch (random.below(8)) {
    case 0:
      if (std::unique_lock held(s.lock, std::try_to_lock); held) s.write(random);
      break;
    case 1:
      if (s.lock.try_lock_for(random.up_to_us(100))) {
        std::unique_lock held(s.lock, std::adopt_lock);
        s.write(random);
      }
      break;
    case 2:
    case 3: {
      std::scoped_lock held(s.lock);
      s.write(random);
      break;
    }
    case 4:
      if (s.lock.try_lock_shared_for(random.up_to_us(100))) {
        std::shared_lock held(s.lock, std::adopt_lock);
        s.read(random);
      }
      break;
    case 5:
      if (std::shared_lock held(s.lock, std::try_to_lock); held) s.read(random);
      break;
    default: {
      std::shared_lock held(s.lock);
      s.read(random);
      break;
    }
  }
}

// A bounded buffer of the textbook.
struct buffer {
  weft::mutex lock;
  weft::condition_variable has_room, has_some;
  std::deque<int> values;
  std::size_t room = 1;
  bool ended = false;

  void put(int v, rng& random) {
    std::unique_lock held(lock);
    if (random.one_in(2)) {
      has_room.wait(held, [&] { return values.size() < room; });
    } else {
      while (!has_room.wait_for(held, random.up_to_us(100),
                                [&] { return values.size() < room; })) {
      }
    }
    STRESS_CHECK(values.size() < room);
    values.push_back(v);
    random.one_in(4) ? has_some.notify_all() : has_some.notify_one();
  }
  bool take(int& v, rng& random) {
    std::unique_lock held(lock);
    const auto ready = [&] { return !values.empty() || ended; };
    if (random.one_in(2)) {
      has_some.wait(held, ready);
    } else {
      while (!has_some.wait_for(held, random.up_to_us(100), ready)) {
      }
    }
    STRESS_CHECK(ready());
    if (values.empty()) return false;
    v = values.front();
    values.pop_front();
    random.one_in(4) ? has_room.notify_all() : has_room.notify_one();
    return true;
  }
};

struct pool {
  explicit pool(int n) : units(n), semaphore(n) {}
  const int units;
  weft::semaphore semaphore;
  std::atomic<int> in_use{0};

  void use(int k, rng& random) {
    STRESS_CHECK(in_use.fetch_add(k) + k <= units);
    at_end after([&] { in_use.fetch_sub(k); });
    if (random.one_in(2)) dawdle(random);
  }
};

void use_pool(pool& p, rng& random) {
  const int k = random.between(1, p.units);
  switch (random.below(4)) {
    case 0:
      if (!p.semaphore.try_acquire(k)) return;
      break;
    case 1:
      if (!p.semaphore.try_acquire_for(random.up_to_us(100), k)) return;
      break;
    default:
      p.semaphore.acquire(k);
      break;
  }
  at_end after([&] { p.semaphore.release(k); });
  p.use(k, random);
}

}  // namespace

void locks(round& r) {
  guarded g[3];
  shared_guarded s[2];
  r.run([&] {
    crew players(r.random, true);
    for (int i = r.random.between(2, 12); i > 0; --i)
      players.go([&, random = r.random.fork()]() mutable {
        for (int turn = round::size(250); turn > 0; --turn) {
          if (random.one_in(2))
            lock_mutex(g[random.below(3)], g[random.below(3)], random);
          else
            lock_shared(s[random.below(2)], random);
          count_steps();
          dawdle(random);
        }
      });
    players.wait();
  });
  for (guarded& each : g) STRESS_EQUAL(each.a, each.b);
  for (shared_guarded& each : s) STRESS_EQUAL(each.a, each.b);
}

void conditions(round& r) {
  buffer b;
  b.room = static_cast<std::size_t>(r.random.between(1, 4));
  std::atomic<std::int64_t> in{0}, out{0};
  r.run([&] {
    crew putting(r.random, true), taking(r.random, true);
    for (int i = r.random.between(1, 6); i > 0; --i)
      taking.go([&, random = r.random.fork()]() mutable {
        for (int v = 0; b.take(v, random); dawdle(random)) out += v;
      });
    for (int i = r.random.between(1, 6); i > 0; --i)
      putting.go([&, random = r.random.fork()]() mutable {
        for (int v = round::size(200); v > 0; --v) {
          b.put(v, random);
          in += v;
          count_steps();
        }
      });
    putting.wait();
    {
      std::scoped_lock held(b.lock);
      b.ended = true;
    }
    b.has_some.notify_all();
    taking.wait();
  });
  STRESS_EQUAL(in.load(), out.load());
}

void semaphores(round& r) {
  pool p(r.random.between(1, 5));
  r.run([&] {
    crew players(r.random, true);
    for (int i = r.random.between(2, 12); i > 0; --i)
      players.go([&, random = r.random.fork()]() mutable {
        for (int turn = round::size(250); turn > 0; --turn) {
          use_pool(p, random);
          count_steps();
        }
      });
    players.wait();
    STRESS_CHECK(p.semaphore.try_acquire(p.units));
    STRESS_CHECK(!p.semaphore.try_acquire());
  });
}

// Barriers, wait groups and onces: everybody sees what the others did before.
void gates(round& r) {
  r.run([&] {
    const int parties = r.random.between(1, 8), phases = round::size(60);
    weft::barrier barrier(parties);
    std::vector<int> phase_of(static_cast<std::size_t>(parties), 0);  // plain: the barrier orders them
    std::vector<weft::once> onces(static_cast<std::size_t>(phases));
    std::vector<int> done_once(static_cast<std::size_t>(phases), 0);
    std::atomic<int> attempts{0};
    crew players(r.random, true);
    for (int i = 0; i < parties; ++i)
      players.go([&, i, random = r.random.fork()]() mutable {
        for (int phase = 1; phase <= phases; ++phase) {
          dawdle(random);
          phase_of[static_cast<std::size_t>(i)] = phase;
          barrier.arrive_and_wait();
          for (const int other : phase_of) STRESS_EQUAL(other, phase);
          const auto k = static_cast<std::size_t>(phase - 1);
          try {
            onces[k].call([&] {
              dawdle(random);
              if (attempts.fetch_add(1) % 3 == 0) throw 1;
              ++done_once[k];
            });
            STRESS_EQUAL(done_once[k], 1);
          } catch (int) {
          }
          barrier.arrive_and_wait();
          count_steps();
        }
      });
    players.wait();

    weft::wait_group group;
    int* results = new int[16]();
    for (int turn = round::size(40); turn > 0; --turn) {
      const int n = r.random.between(0, 16);
      for (int i = 0; i < n; ++i)
        group.go([&, i, random = r.random.fork()]() mutable {
          dawdle(random);
          results[i] += 1;
        });
      weft::task<void> beside = weft::spawn([&] { group.wait(); });
      group.wait();
      for (int i = 0; i < n; ++i) STRESS_EQUAL(std::exchange(results[i], 0), 1);
      beside.join();
      count_steps(static_cast<std::uint64_t>(n));
    }
    delete[] results;
  });
}

// Tasks that wait for all kinds of things are cancelled at any moment: what they held is free
// afterwards, what they protected is whole.
void cancelled_waits(round& r) {
  guarded g[2];
  shared_guarded s;
  pool p(3);
  buffer b;
  b.room = 2;
  weft::once onces[4];
  auto ch = weft::make_chan<token>(1);
  ledger books;
  r.run([&] {
    const auto live = [&](rng random) {
      token mine(books, 1);
      for (;;) {
        int v = 0;
        switch (random.below(10)) {
          case 0:
          case 1:
            lock_mutex(g[random.below(2)], g[random.below(2)], random);
            break;
          case 2:
          case 3:
            lock_shared(s, random);
            break;
          case 4:
            use_pool(p, random);
            break;
          case 5:
            b.put(1, random);
            break;
          case 6:
            b.take(v, random);
            break;
          case 7:
            onces[random.below(4)].call([&] {
              dawdle(random);
              if (random.one_in(2)) throw weft::task_cancelled();  // as if it had been
            });
            break;
          case 8:
            ch.send_for(token(books, 2), random.up_to_us(50));
            break;
          default:
            ch.recv_for(random.up_to_us(50));
            break;
        }
        weft::this_task::yield();
        count_steps();
      }
    };
    std::vector<weft::task<void>> tasks;
    for (int turn = round::size(200); turn > 0; --turn) {
      const int n = r.random.between(0, 3);
      for (int i = 0; i < n; ++i) tasks.push_back(weft::spawn(live, r.random.fork()));
      dawdle(r.random);
      while (static_cast<int>(tasks.size()) > r.random.between(2, 14)) {
        auto& chosen = tasks[static_cast<std::size_t>(r.random.below(static_cast<int>(tasks.size())))];
        std::swap(chosen, tasks.back());
        if (r.random.one_in(2)) {
          tasks.back().cancel();
          dawdle(r.random);
          try {
            tasks.back().join();
            fail(__FILE__, __LINE__, "a task that ends only when cancelled has ended");
          } catch (const weft::task_ended&) {
          }
        }
        tasks.pop_back();
      }
    }
    tasks.clear();
    for (guarded& each : g) STRESS_CHECK(each.lock.try_lock());
    STRESS_CHECK(s.lock.try_lock());
    STRESS_CHECK(p.semaphore.try_acquire(p.units));
    STRESS_CHECK(b.lock.try_lock());
    for (guarded& each : g) each.lock.unlock();
    s.lock.unlock();
    b.lock.unlock();
    for (weft::once& each : onces) each.call([] {});
    ch.try_recv();
  });
  books.check();
}

}  // namespace weft_stress
