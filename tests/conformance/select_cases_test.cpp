// SEMANTICS, "select": the cases join(task), lock(mutex) (held when chosen), acquire(semaphore, n),
// wait(wait_group): also in a select_set; untouched when not chosen; the primitive stays fair.
#include <array>
#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>
#include <vector>

#include "tests/support/run.hpp"

namespace {

using namespace std::chrono_literals;
using weft_test::on_workers;
using weft_test::settle;
using weft_test::yield_until;

class SelectCases : public on_workers {};
WEFT_ON_WORKERS(SelectCases);

// ---- ready at once --------------------------------------------------------------------------------

TEST_P(SelectCases, AFreeMutexIsHeldWhenItIsChosen) {
  run([] {
    weft::mutex m;
    auto never = weft::make_chan<int>();
    EXPECT_EQ(weft::select(weft::recv(never), weft::lock(m)), 1);
    EXPECT_FALSE(m.try_lock());
    m.unlock();
    EXPECT_TRUE(m.try_lock());
    m.unlock();
  });
}

TEST_P(SelectCases, AFreeSharedMutexIsHeldToWriteWhenItIsChosen) {
  run([] {
    weft::shared_mutex m;
    EXPECT_EQ(weft::select(weft::lock(m), weft::otherwise()), 0);
    EXPECT_FALSE(m.try_lock_shared());
    m.unlock();
    EXPECT_TRUE(m.try_lock_shared());
    m.unlock_shared();
  });
}

TEST_P(SelectCases, SemaphoreUnitsAreTakenAllAtOnce) {
  run([] {
    weft::semaphore s(3);
    EXPECT_EQ(weft::select(weft::acquire(s, 4), weft::otherwise()), 1);
    EXPECT_EQ(weft::select(weft::acquire(s, 2), weft::otherwise()), 0);
    EXPECT_FALSE(s.try_acquire(2));
    EXPECT_TRUE(s.try_acquire(1));
    EXPECT_EQ(weft::select(weft::acquire(s), weft::otherwise()), 1);
    EXPECT_EQ(weft::select(weft::acquire(s, 0), weft::otherwise()), 0);
    s.release(3);
    EXPECT_TRUE(s.try_acquire(3));
  });
}

TEST_P(SelectCases, ATaskThatHasEndedCanBeJoinedWithoutAWait) {
  run([] {
    auto t = weft::spawn([] { return 42; });
    EXPECT_EQ(weft::select(weft::join(t)), 0);
    EXPECT_TRUE(t.joinable());
    EXPECT_EQ(weft::select(weft::join(t), weft::otherwise()), 0);
    EXPECT_EQ(t.join(), 42);
    EXPECT_EQ(weft::select(weft::join(t), weft::otherwise()), 1);  // nothing to join
  });
}

TEST_P(SelectCases, AWaitGroupAtZeroIsReady) {
  run([] {
    weft::wait_group g;
    EXPECT_EQ(weft::select(weft::wait(g), weft::otherwise()), 0);
    g.add();
    EXPECT_EQ(weft::select(weft::wait(g), weft::otherwise()), 1);
    g.done();
    EXPECT_EQ(weft::select(weft::wait(g), weft::otherwise()), 0);
  });
}

TEST_P(SelectCases, TheCallbackRunsAfterTheChoice) {
  run([] {
    weft::mutex m;
    weft::semaphore s(1);
    weft::wait_group g;
    int called = 0;
    weft::select(weft::lock(m, [&] {
      EXPECT_FALSE(m.try_lock());
      ++called;
    }));
    weft::select(weft::acquire(s, [&] {
      EXPECT_FALSE(s.try_acquire());
      ++called;
    }));
    weft::select(weft::acquire(s, 0, [&] { ++called; }));
    weft::select(weft::wait(g, [&] { ++called; }));
    auto t = weft::spawn([] {});
    weft::select(weft::join(t, [&] { ++called; }));
    EXPECT_EQ(called, 5);
    m.unlock();
  });
}

// ---- waits ----------------------------------------------------------------------------------------

TEST_P(SelectCases, WaitsForAMutexAndIsHandedIt) {
  run([] {
    weft::mutex m;
    auto never = weft::make_chan<int>();
    std::atomic<bool> began{false};
    m.lock();
    auto t = weft::spawn([&] {
      began = true;
      EXPECT_EQ(weft::select(weft::recv(never), weft::lock(m)), 1);
      EXPECT_FALSE(m.try_lock());
      m.unlock();
    });
    yield_until(began);
    settle();
    m.unlock();
    t.join();
    EXPECT_TRUE(m.try_lock());
    m.unlock();
  });
}

TEST_P(SelectCases, ASelectThatWaitsForAMutexIsNotOvertakenByItsOwnerForEver) {
  run([] {
    weft::mutex m;
    std::atomic<bool> has_it{false};
    m.lock();
    auto t = weft::spawn([&] {
      weft::select(weft::lock(m));
      has_it = true;
      m.unlock();
    });
    while (!has_it) {
      m.unlock();
      m.lock();
      weft::this_task::yield();
    }
    m.unlock();
    t.join();
  });
}

TEST_P(SelectCases, WaitsForASharedMutexBehindReaders) {
  run([] {
    weft::shared_mutex m;
    m.lock_shared();
    std::atomic<bool> began{false};
    auto t = weft::spawn([&] {
      began = true;
      weft::select(weft::lock(m));
      m.unlock();
    });
    yield_until(began);
    settle();
    m.unlock_shared();
    t.join();
  });
}

TEST_P(SelectCases, WaitsForUnitsWithoutBeingOvertaken) {
  run([] {
    weft::semaphore s(0);
    std::atomic<bool> began{false};
    auto t = weft::spawn([&] {
      began = true;
      EXPECT_EQ(weft::select(weft::acquire(s, 3)), 0);
    });
    yield_until(began);
    settle();
    s.release(2);
    settle();
    if (!s.try_acquire(1)) {  // it waits already, and comes first
      s.release(1);
      t.join();
      EXPECT_FALSE(s.try_acquire());
    } else {
      s.release(2);
      t.join();
    }
  });
}

TEST_P(SelectCases, WaitsForTheEndOfATaskAndForAWaitGroup) {
  run([] {
    weft::wait_group g;
    auto gate = weft::make_chan<void>();
    auto t = weft::spawn([&] {
      gate.recv();
      return 7;
    });
    g.add();
    auto opener = weft::spawn([&] { gate.send(); });
    EXPECT_EQ(weft::select(weft::join(t), weft::wait(g)), 0);
    EXPECT_EQ(t.join(), 7);
    auto closer = weft::spawn([&] { g.done(); });
    EXPECT_EQ(weft::select(weft::wait(g), weft::recv(gate)), 0);
  });
}

TEST_P(SelectCases, ATimeoutLeavesNothingBehind) {
  run([] {
    weft::mutex m;
    weft::shared_mutex rw;
    weft::semaphore s(1);
    weft::wait_group g;
    auto forever = weft::spawn([] { weft::sleep_for(1h); });
    m.lock();
    rw.lock_shared();
    g.add();
    EXPECT_EQ(weft::select(weft::lock(m), weft::lock(rw), weft::acquire(s, 2), weft::wait(g),
                           weft::join(forever), weft::timeout(2ms)),
              5);
    EXPECT_TRUE(rw.try_lock_shared()) << "the writer that gave up keeps no reader out";
    EXPECT_TRUE(s.try_acquire(1)) << "the request that gave up is not in front";
    rw.unlock_shared();
    rw.unlock_shared();
    g.done();
    m.unlock();
    EXPECT_TRUE(m.try_lock());
    m.unlock();
    EXPECT_TRUE(rw.try_lock());
    rw.unlock();
  });
}

// ---- untouched when not chosen ---------------------------------------------------------------------

TEST_P(SelectCases, WhatWasNotChosenIsUntouched) {
  run([] {
    for (int i = 0; i < 200; ++i) {
      weft::mutex a, b;
      weft::semaphore s(2);
      switch (weft::select(weft::lock(a), weft::acquire(s, 2), weft::lock(b))) {
        case 0:
          a.unlock();
          break;
        case 1:
          s.release(2);
          break;
        case 2:
          b.unlock();
          break;
      }
      EXPECT_TRUE(a.try_lock());
      EXPECT_TRUE(b.try_lock());
      EXPECT_TRUE(s.try_acquire(2));
      a.unlock();
      b.unlock();
    }
  });
}

TEST_P(SelectCases, OtherwiseLeavesSemaphoresAndLocksAsTheyWere) {
  run([] {
    weft::semaphore s(1);
    weft::shared_mutex rw;
    rw.lock_shared();
    EXPECT_EQ(weft::select(weft::acquire(s, 2), weft::lock(rw), weft::otherwise()), 2);
    EXPECT_TRUE(s.try_acquire(1));
    EXPECT_TRUE(rw.try_lock_shared());
    rw.unlock_shared();
    rw.unlock_shared();
  });
}

TEST_P(SelectCases, TheSameSemaphoreMayStandInSeveralCases) {
  run([] {
    weft::semaphore s(3);
    for (int i = 0; i < 50; ++i) {
      EXPECT_EQ(weft::select(weft::acquire(s, 5), weft::acquire(s, 1), weft::otherwise()), 1);
      s.release(1);
    }
    weft::mutex m;
    const int chosen = weft::select(weft::lock(m), weft::lock(m));
    EXPECT_TRUE(chosen == 0 || chosen == 1);
    EXPECT_EQ(weft::select(weft::lock(m), weft::lock(m), weft::otherwise()), 2);
    m.unlock();
  });
}

// ---- choice ----------------------------------------------------------------------------------------

TEST_P(SelectCases, OfSeveralReadyOnesTheChoiceIsUniform) {
  run([] {
    constexpr int rounds = 4'000;
    std::array<int, 4> chosen{};
    weft::mutex m;
    weft::semaphore s(1);
    weft::wait_group g;
    auto t = weft::spawn([] {});
    weft::select(weft::join(t));
    for (int i = 0; i < rounds; ++i) {
      const int k = weft::select(weft::lock(m), weft::acquire(s), weft::wait(g), weft::join(t));
      ++chosen[static_cast<std::size_t>(k)];
      if (k == 0) m.unlock();
      if (k == 1) s.release();
    }
    for (int n : chosen) {  // six standard deviations around a quarter
      EXPECT_GT(n, rounds / 4 - 165);
      EXPECT_LT(n, rounds / 4 + 165);
    }
  });
}

// One observation: two mutexes of which at each moment at least one is free.
TEST_P(SelectCases, OtherwiseIsNotTakenIfAtEveryMomentOneLockWasFree) {
  run([] {
    weft::mutex a, b;
    std::atomic<bool> stop{false};
    auto owner = weft::spawn([&] {
      while (!stop) {
        {
          std::lock_guard held(a);
        }
        {
          std::lock_guard held(b);
        }
        weft::this_task::yield();
      }
    });
    for (int i = 0; i < 2'000; ++i) {
      switch (weft::select(weft::lock(a), weft::lock(b), weft::otherwise())) {
        case 0:
          a.unlock();
          break;
        case 1:
          b.unlock();
          break;
        default:
          ADD_FAILURE() << "one of them was free";
      }
      if (i % 64 == 0) weft::this_task::yield();
    }
    stop = true;
    owner.join();
  });
}

// ---- select_set ------------------------------------------------------------------------------------

TEST_P(SelectCases, StandInASetToo) {
  run([] {
    weft::mutex m;
    weft::semaphore s(1);
    weft::wait_group g;
    g.add();
    auto t = weft::spawn([] { weft::sleep_for(1h); });
    m.lock();
    int called = 0;
    weft::select_set set;
    EXPECT_EQ(set.add(weft::join(t)), 0);
    EXPECT_EQ(set.add(weft::lock(m)), 1);
    EXPECT_EQ(set.add(weft::acquire(s, 2, [&] { ++called; })), 2);
    EXPECT_EQ(set.add(weft::wait(g)), 3);
    EXPECT_EQ(set.timeout(1ms), 4);
    EXPECT_EQ(set.wait(), 4);
    s.release();
    EXPECT_EQ(set.wait(), 2);
    EXPECT_EQ(called, 1);
    m.unlock();
    EXPECT_EQ(set.wait(), 1);
    g.done();
    EXPECT_EQ(set.wait(), 3);
    m.unlock();
  });
}

// ---- many at once ----------------------------------------------------------------------------------

// No lock is lost between selects, locks and timeouts, and it excludes.
TEST_P(SelectCases, ALockThatManySelectsWantIsNeitherLostNorDoubled) {
  run([] {
    constexpr int tasks = 12, times = 150;
    weft::mutex a, b;
    int inside_a = 0, inside_b = 0;
    long done = 0;
    auto use = [](int& inside, long& count) {
      EXPECT_EQ(++inside, 1);
      if (count % 7 == 0) weft::this_task::yield();
      ++count;
      EXPECT_EQ(--inside, 0);
    };
    long of_a = 0, of_b = 0;
    weft::wait_group all;
    for (int i = 0; i < tasks; ++i) {
      all.go([&, i] {
        for (int n = 0; n < times; ++n) {
          int k = -1;
          switch (i % 3) {
            case 0:
              k = weft::select(weft::lock(a), weft::lock(b));
              break;
            case 1:
              k = weft::select(weft::lock(a), weft::lock(b), weft::timeout(50us));
              break;
            case 2:
              (n % 2 == 0 ? a : b).lock();
              k = n % 2;
              break;
          }
          if (k == 0) {
            use(inside_a, of_a);
            a.unlock();
          } else if (k == 1) {
            use(inside_b, of_b);
            b.unlock();
          }
        }
      });
    }
    all.wait();
    done = of_a + of_b;
    EXPECT_GT(done, 0);
    EXPECT_TRUE(a.try_lock());
    EXPECT_TRUE(b.try_lock());
    a.unlock();
    b.unlock();
  });
}

TEST_P(SelectCases, UnitsThatManySelectsWantAreNeitherLostNorDoubled) {
  run([] {
    constexpr int tasks = 12, times = 150, units = 5;
    weft::semaphore s(units);
    std::atomic<int> out{0};
    weft::wait_group all;
    auto never = weft::make_chan<int>();
    for (int i = 0; i < tasks; ++i) {
      all.go([&, i] {
        for (int n = 0; n < times; ++n) {
          const int wanted = 1 + (i + n) % units;
          const int k = i % 2 == 0
                            ? weft::select(weft::acquire(s, wanted), weft::recv(never))
                            : weft::select(weft::acquire(s, wanted), weft::timeout(50us));
          if (k != 0) continue;
          EXPECT_LE(out += wanted, units);
          if (n % 5 == 0) weft::this_task::yield();
          out -= wanted;
          s.release(wanted);
        }
      });
    }
    all.wait();
    EXPECT_TRUE(s.try_acquire(units));
    EXPECT_FALSE(s.try_acquire(1));
  });
}

TEST_P(SelectCases, CancelledSelectsLeaveLocksToOthers) {
  run([] {
    for (int i = 0; i < 60; ++i) {
      weft::mutex m;
      weft::shared_mutex rw;
      weft::semaphore s(0);
      m.lock();
      rw.lock();
      std::atomic<int> won{-1};
      auto t = weft::spawn([&] {
        won = weft::select(weft::lock(m), weft::lock(rw), weft::acquire(s));
      });
      if (i % 2 == 0) weft::this_task::yield();
      auto canceller = weft::spawn([&] { t.cancel(); });
      m.unlock();
      rw.unlock();
      s.release();
      canceller.join();
      try {
        t.join();
      } catch (const weft::task_ended&) {
      }
      // Whatever the select did not win is free, and it keeps nobody out.
      EXPECT_EQ(s.try_acquire(), won != 2);
      if (won != 1) {
        EXPECT_TRUE(rw.try_lock());
        rw.unlock();
      }
      if (won != 0) {
        EXPECT_TRUE(m.try_lock());
        m.unlock();
      }
    }
  });
}

TEST(SelectCasesOfThreads, APlainThreadMayWaitForThem) {
  weft::mutex m;
  weft::semaphore s(0);
  m.lock();
  std::atomic<int> chosen{-1};
  std::thread other([&] {
    chosen = weft::select(weft::lock(m), weft::acquire(s));
    if (chosen == 0) m.unlock();
  });
  std::this_thread::sleep_for(1ms);
  s.release();
  other.join();
  EXPECT_EQ(chosen, 1);
  m.unlock();
  std::thread third([&] {
    EXPECT_EQ(weft::select(weft::lock(m), weft::acquire(s)), 0);
    m.unlock();
  });
  third.join();
}

}  // namespace
