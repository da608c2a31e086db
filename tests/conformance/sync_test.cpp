// SEMANTICS, "Sync": wait_group, once, semaphore and shared_mutex between tasks.
#include <chrono>
#include <mutex>
#include <shared_mutex>
#include <stdexcept>
#include <vector>

#include "tests/support/run.hpp"

namespace {

using namespace std::chrono_literals;
using weft_test::on_workers;
using weft_test::settle;
using weft_test::yield_until;

class WaitGroup : public on_workers {};
WEFT_ON_WORKERS(WaitGroup);

TEST_P(WaitGroup, WaitComesBackWhenAllAreDone) {
  run([] {
    weft::wait_group group;
    std::vector<int> plain(100, 0);
    group.add(100);
    for (int i = 0; i < 100; ++i) {
      weft::go([&, i] {
        weft::this_task::yield();
        plain[i] = 1;
        group.done();
      });
    }
    group.wait();
    EXPECT_EQ(plain, std::vector<int>(100, 1));
  });
}

TEST_P(WaitGroup, WaitDoesNotWaitAtZero) {
  run([] {
    weft::wait_group group;
    group.wait();
    group.add();
    group.done();
    group.wait();
  });
}

TEST_P(WaitGroup, WaitsWhileTheCountIsAboveZero) {
  run([] {
    weft::wait_group group;
    group.add(2);
    std::atomic<bool> started{false}, done{false};
    auto t = weft::spawn([&] {
      started = true;
      group.wait();
      done = true;
    });
    yield_until(started);
    group.done();
    settle();
    EXPECT_FALSE(done);
    group.done();
    t.join();
  });
}

TEST_P(WaitGroup, SeveralMayWait) {
  run([] {
    weft::wait_group group, waiters;
    group.add();
    for (int i = 0; i < 20; ++i) waiters.go([&] { group.wait(); });
    settle();
    group.done();
    waiters.wait();
  });
}

TEST_P(WaitGroup, CanBeUsedAgain) {
  run([] {
    weft::wait_group group;
    for (int round = 0; round < 50; ++round) {
      std::atomic<int> n{0};
      for (int i = 0; i < 5; ++i) group.go([&] { ++n; });
      group.wait();
      EXPECT_EQ(n, 5);
    }
  });
}

TEST_P(WaitGroup, GoTakesArgumentsAndCountsTasksThatAreSpawnedByTasks) {
  run([] {
    weft::wait_group group;
    std::atomic<int> n{0};
    group.go(
        [&](int by) {
          for (int i = 0; i < 10; ++i) {
            group.go([&] {
              weft::this_task::yield();
              ++n;
            });
          }
          n += by;
        },
        5);
    group.wait();
    EXPECT_EQ(n, 15);
  });
}

class Once : public on_workers {};
WEFT_ON_WORKERS(Once);

TEST_P(Once, CallsOnceAndEveryoneSeesTheResult) {
  run([] {
    weft::once once;
    int plain = 0;
    weft::wait_group all;
    for (int i = 0; i < 30; ++i) {
      all.go([&] {
        once.call([&] {
          for (int j = 0; j < 5; ++j) weft::this_task::yield();  // the others wait meanwhile
          ++plain;
        });
        EXPECT_EQ(plain, 1);
      });
    }
    all.wait();
    EXPECT_EQ(plain, 1);
  });
}

TEST_P(Once, ACallThatThrowsDoesNotCount) {
  run([] {
    weft::once once;
    EXPECT_THROW(once.call([] { throw std::runtime_error("first"); }), std::runtime_error);
    int calls = 0;
    once.call([&] { ++calls; });
    once.call([&] { ++calls; });
    EXPECT_EQ(calls, 1);
  });
}

TEST_P(Once, AWaiterCallsWhenTheFirstThrew) {
  run([] {
    weft::once once;
    std::atomic<int> thrown{0}, called{0};
    weft::wait_group all;
    for (int i = 0; i < 10; ++i) {
      all.go([&] {
        try {
          once.call([&] {
            weft::this_task::yield();
            if (thrown < 3) {
              ++thrown;
              throw std::runtime_error("");
            }
            ++called;
          });
        } catch (const std::runtime_error&) {
        }
      });
    }
    all.wait();
    EXPECT_EQ(thrown, 3);
    EXPECT_EQ(called, 1);
  });
}

class Semaphore : public on_workers {};
WEFT_ON_WORKERS(Semaphore);

TEST_P(Semaphore, BoundsHowManyAreInside) {
  run([] {
    weft::semaphore semaphore(3);
    std::atomic<int> inside{0}, most{0};
    weft::wait_group all;
    for (int i = 0; i < 40; ++i) {
      all.go([&] {
        semaphore.acquire();
        const int now = ++inside;
        EXPECT_LE(now, 3);
        if (now > most) most = now;
        weft::this_task::yield();
        --inside;
        semaphore.release();
      });
    }
    all.wait();
    EXPECT_GE(most, 1);
    EXPECT_TRUE(semaphore.try_acquire(3));
    EXPECT_FALSE(semaphore.try_acquire());
  });
}

TEST_P(Semaphore, TryAcquireTakesAllOrNothing) {
  run([] {
    weft::semaphore semaphore(2);
    EXPECT_FALSE(semaphore.try_acquire(3));
    EXPECT_TRUE(semaphore.try_acquire());
    EXPECT_FALSE(semaphore.try_acquire(2));
    EXPECT_TRUE(semaphore.try_acquire());
    semaphore.release(2);
    semaphore.acquire(2);
    EXPECT_FALSE(semaphore.try_acquire());
  });
}

// A request that waits at the head shows in that nothing can be taken any more, although something
// is there.
TEST_P(Semaphore, ALargeRequestIsNotOvertaken) {
  run([] {
    weft::semaphore semaphore(1);
    std::atomic<bool> large_done{false};
    auto large = weft::spawn([&] {
      semaphore.acquire(3);
      large_done = true;
    });
    yield_until([&] {
      if (!semaphore.try_acquire()) return true;
      semaphore.release();
      return false;
    });
    std::atomic<bool> small_done{false};
    auto small = weft::spawn([&] {
      semaphore.acquire();
      EXPECT_TRUE(large_done);
      small_done = true;
    });
    settle();
    EXPECT_FALSE(large_done);
    EXPECT_FALSE(small_done);
    semaphore.release();  // two: enough for the small one, which must wait all the same
    settle();
    EXPECT_FALSE(small_done);
    semaphore.release();
    large.join();
    semaphore.release();
    small.join();
  });
}

class SharedMutex : public on_workers {};
WEFT_ON_WORKERS(SharedMutex);

TEST_P(SharedMutex, ReadersShareAndWritersExclude) {
  run([] {
    weft::shared_mutex mutex;
    std::atomic<int> readers{0}, writers{0};
    long plain = 0;
    weft::wait_group all;
    for (int t = 0; t < 12; ++t) {
      all.go([&, t] {
        for (int i = 0; i < 100; ++i) {
          if ((t + i) % 4 == 0) {
            const std::unique_lock lock(mutex);
            EXPECT_EQ(++writers, 1);
            EXPECT_EQ(readers, 0);
            if (i % 5 == 0) weft::this_task::yield();
            ++plain;
            --writers;
          } else {
            const std::shared_lock lock(mutex);
            ++readers;
            EXPECT_EQ(writers, 0);
            if (i % 5 == 0) weft::this_task::yield();
            --readers;
          }
        }
      });
    }
    all.wait();
    EXPECT_EQ(plain, 12 * 25);
  });
}

TEST_P(SharedMutex, ReadersAreInsideTogether) {
  run([] {
    weft::shared_mutex mutex;
    weft::wait_group inside;
    inside.add(5);
    weft::wait_group all;
    for (int i = 0; i < 5; ++i) {
      all.go([&] {
        const std::shared_lock lock(mutex);
        inside.done();
        inside.wait();  // comes back only if all five are inside
      });
    }
    all.wait();
  });
}

TEST_P(SharedMutex, AWaitingWriterExcludesNewReaders) {
  run([] {
    weft::shared_mutex mutex;
    mutex.lock_shared();
    std::atomic<bool> written{false};
    auto writer = weft::spawn([&] {
      const std::lock_guard lock(mutex);
      written = true;
    });
    // That the writer waits shows in that a reader, who could share, does not get in.
    yield_until([&] {
      if (!mutex.try_lock_shared()) return true;
      mutex.unlock_shared();
      return false;
    });
    auto reader = weft::spawn([&] {
      const std::shared_lock lock(mutex);
      EXPECT_TRUE(written);
    });
    settle();
    EXPECT_FALSE(written);
    mutex.unlock_shared();
    writer.join();
    reader.join();
  });
}

TEST_P(SharedMutex, TryForms) {
  run([] {
    weft::shared_mutex mutex;
    EXPECT_TRUE(mutex.try_lock());
    weft::spawn([&] {
      EXPECT_FALSE(mutex.try_lock());
      EXPECT_FALSE(mutex.try_lock_shared());
    }).join();
    mutex.unlock();
    EXPECT_TRUE(mutex.try_lock_shared());
    weft::spawn([&] {
      EXPECT_TRUE(mutex.try_lock_shared());
      EXPECT_FALSE(mutex.try_lock());
      mutex.unlock_shared();
    }).join();
    mutex.unlock_shared();
  });
}

TEST_P(Semaphore, TheLargestNumberOfUnitsIsEnoughForEverybody) {
  weft::semaphore units(PTRDIFF_MAX);
  EXPECT_TRUE(units.try_acquire());
  units.acquire(1000);
  units.release(1001);
  EXPECT_TRUE(units.try_acquire(INT64_MAX / 4));
}

class Meetings : public on_workers {};
WEFT_ON_WORKERS(Meetings);

TEST_P(Meetings, AWaitWhoseConditionHoldsAtOnceCanBeCancelledToo) {
  run([] {
    weft::mutex mutex;
    weft::condition_variable changed;
    std::atomic<bool> started{false};
    auto never_dry = weft::spawn([&] {
      std::unique_lock lock(mutex);
      for (;;) {
        started = true;
        changed.wait(lock, [] { return true; });
        lock.unlock();
        weft::this_task::yield();
        lock.lock();
      }
    });
    yield_until(started);
    never_dry.cancel();
    EXPECT_THROW(never_dry.join(), weft::task_ended);
  });
}

TEST_P(Meetings, APartyWhoseTimeIsOverHasNotArrived) {
  run([] {
    weft::barrier barrier(2);
    EXPECT_FALSE(barrier.arrive_and_wait_for(1ms));
    EXPECT_FALSE(barrier.arrive_and_wait_until(std::chrono::steady_clock::now()));
    for (int round = 0; round < 50; ++round) {
      auto other = weft::spawn([&] { return barrier.arrive_and_wait_for(1h); });
      barrier.arrive_and_wait();
      EXPECT_TRUE(other.join());
      auto late = weft::spawn([&] {
        while (!barrier.arrive_and_wait_for(20us)) {
        }
      });
      barrier.arrive_and_wait();
      late.join();
    }
  });
}

TEST_P(Once, ACallThatWaitsForAnotherGivesUpWhenItsTimeIsOver) {
  run([] {
    weft::once once;
    auto go_on = weft::make_chan<void>();
    std::atomic<bool> running{false};
    auto first = weft::spawn([&] {
      once.call([&] {
        running = true;
        go_on.recv();
      });
    });
    yield_until(running);
    EXPECT_FALSE(once.call_for(1ms, [] { ADD_FAILURE(); }));
    EXPECT_FALSE(once.call_until(std::chrono::steady_clock::now(), [] { ADD_FAILURE(); }));
    auto patient = weft::spawn([&] { return once.call_for(1h, [] { ADD_FAILURE(); }); });
    settle();
    go_on.send();
    EXPECT_TRUE(patient.join());
    first.join();
    EXPECT_TRUE(once.call_for(0s, [] { ADD_FAILURE(); }));
    weft::once fresh;
    int calls = 0;
    EXPECT_TRUE(fresh.call_for(0s, [&](int by) { calls += by; }, 1));
    EXPECT_EQ(calls, 1);
  });
}

}  // namespace
