// The sync primitives between tasks: what cancellation leaves behind, time limits, owners. What
// they do in ordinary use is in tests/conformance.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <random>
#include <shared_mutex>
#include <stdexcept>
#include <thread>
#include <vector>

#include <weft/barrier.hpp>

#include "runtime/sync/describe.hpp"
#include "tests/support/run.hpp"

namespace {

using namespace std::chrono_literals;
using weft_test::on_workers;
using weft_test::yield_until;

unsigned waiters_of(weft::mutex& m) {
  return weft::rt::describe_mutex(&m).waiters;
}
unsigned waiters_of(weft::shared_mutex& m) {
  return weft::rt::describe_shared_mutex(&m).waiters;
}

class SyncTasks : public on_workers {};
WEFT_ON_WORKERS(SyncTasks);

TEST_P(SyncTasks, AMutexKnowsItsOwnerAndHowManyWait) {
  run([] {
    weft::mutex mutex;
    mutex.lock();
    EXPECT_EQ(weft::rt::describe_mutex(&mutex).owner_task, weft::this_task::id());
    auto other = weft::spawn([&] {
      mutex.lock();
      EXPECT_EQ(weft::rt::describe_mutex(&mutex).owner_task, weft::this_task::id());
      mutex.unlock();
    });
    yield_until([&] { return waiters_of(mutex) == 1; });
    mutex.unlock();
    other.join();
    EXPECT_EQ(weft::rt::describe_mutex(&mutex).owner_task, 0u);
  });
}

TEST_P(SyncTasks, ALockTakenInsideBlockingBelongsToTheTask) {
  run([] {
    weft::mutex mutex;
    weft::blocking([&] { mutex.lock(); });
    EXPECT_EQ(weft::rt::describe_mutex(&mutex).owner_task, weft::this_task::id());
    mutex.unlock();
    mutex.lock();
    weft::blocking([&] { mutex.unlock(); });
    EXPECT_TRUE(mutex.try_lock());
    mutex.unlock();
  });
}

TEST_P(SyncTasks, ACancelledWaiterHasNoLockAndLeavesTheQueue) {
  run([] {
    weft::mutex mutex;
    mutex.lock();
    std::atomic<int> cancelled{0};
    std::vector<weft::task<void>> tasks;
    for (unsigned i = 0; i < 3; ++i) {
      tasks.push_back(weft::spawn([&] {
        try {
          mutex.lock();
          mutex.unlock();
        } catch (const weft::task_cancelled&) {
          ++cancelled;
          throw;
        }
      }));
      yield_until([&] { return waiters_of(mutex) == i + 1; });
    }
    tasks[1].cancel();
    EXPECT_THROW(tasks[1].join(), weft::task_ended);
    EXPECT_EQ(waiters_of(mutex), 2u);
    mutex.unlock();
    tasks[0].join();
    tasks[2].join();
    EXPECT_EQ(cancelled, 1);
  });
}

TEST_P(SyncTasks, ACancelledTaskDoesNotGetAFreeLock) {
  run([] {
    weft::mutex mutex;
    std::atomic<bool> go{false};
    auto task = weft::spawn([&] {
      while (!go)
        ;
      mutex.lock();
      ADD_FAILURE() << "locked";
    });
    task.cancel();
    go = true;
    EXPECT_THROW(task.join(), weft::task_ended);
    EXPECT_TRUE(mutex.try_lock());
    mutex.unlock();
  });
}

TEST_P(SyncTasks, AnUnwindingTaskLocksNormally) {
  run([] {
    weft::mutex mutex;
    weft::chan<int> never;
    std::atomic<bool> locked{false};
    auto task = weft::spawn([&] {
      struct cleaner {
        weft::mutex& m;
        std::atomic<bool>& done;
        ~cleaner() {
          std::lock_guard lock(m);
          done = true;
        }
      } clean{mutex, locked};
      never.recv();
    });
    mutex.lock();
    task.cancel();
    yield_until([&] { return waiters_of(mutex) == 1; });
    EXPECT_FALSE(locked);
    mutex.unlock();
    EXPECT_THROW(task.join(), weft::task_ended);
    EXPECT_TRUE(locked);
  });
}

TEST_P(SyncTasks, AConditionWaitThatIsCancelledHoldsTheLockAgain) {
  run([] {
    weft::mutex mutex;
    weft::condition_variable condition;
    std::atomic<bool> waiting{false};
    auto task = weft::spawn([&] {
      std::unique_lock lock(mutex);
      waiting = true;
      try {
        condition.wait(lock);
        ADD_FAILURE() << "notified";
      } catch (const weft::task_cancelled&) {
        EXPECT_TRUE(lock.owns_lock());
        EXPECT_EQ(weft::rt::describe_mutex(&mutex).owner_task, weft::this_task::id());
        throw;
      }
    });
    yield_until(waiting);
    mutex.lock();  // so it waits without the lock now
    task.cancel();
    yield_until([&] { return waiters_of(mutex) == 1; });
    mutex.unlock();
    EXPECT_THROW(task.join(), weft::task_ended);
    EXPECT_TRUE(mutex.try_lock());
    mutex.unlock();
    condition.notify_one();  // nobody is left
  });
}

TEST_P(SyncTasks, AConditionWaitOnAnyLockThatIsCancelledHoldsItAgain) {
  run([] {
    weft::shared_mutex mutex;
    weft::condition_variable condition;
    std::atomic<bool> waiting{false};
    auto task = weft::spawn([&] {
      std::unique_lock lock(mutex);
      waiting = true;
      try {
        condition.wait(lock);
        ADD_FAILURE() << "notified";
      } catch (const weft::task_cancelled&) {
        EXPECT_TRUE(lock.owns_lock());
        EXPECT_EQ(weft::rt::describe_shared_mutex(&mutex).owner_task, weft::this_task::id());
        throw;
      }
    });
    yield_until(waiting);
    mutex.lock();
    task.cancel();
    yield_until([&] { return waiters_of(mutex) == 1; });
    mutex.unlock();
    EXPECT_THROW(task.join(), weft::task_ended);
    EXPECT_TRUE(mutex.try_lock());
    mutex.unlock();
  });
}

// Notified first, cancelled while it waits for the lock: the notification counts, and the lock is
// held.
TEST_P(SyncTasks, ANotifiedWaitThatIsCancelledWhileItLocksAgainSucceeds) {
  run([] {
    const auto with = [](auto& mutex) {
      weft::condition_variable condition;
      std::atomic<bool> waiting{false}, notified{false};
      auto task = weft::spawn([&] {
        std::unique_lock lock(mutex);
        waiting = true;
        condition.wait(lock);
        EXPECT_TRUE(lock.owns_lock());
        notified = true;
        weft::this_task::yield();
        ADD_FAILURE() << "the next blocking call throws";
      });
      yield_until(waiting);
      mutex.lock();
      condition.notify_one();
      yield_until([&] { return waiters_of(mutex) == 1; });
      task.cancel();
      mutex.unlock();
      EXPECT_THROW(task.join(), weft::task_ended);
      EXPECT_TRUE(notified);
      EXPECT_TRUE(mutex.try_lock());
      mutex.unlock();
    };
    weft::mutex plain;
    weft::shared_mutex shared;
    with(plain);
    with(shared);
  });
}

TEST_P(SyncTasks, ALargeSemaphoreRequestThatIsCancelledLetsSmallOnesGoOn) {
  run([] {
    weft::semaphore semaphore(1);
    auto large = weft::spawn([&] { semaphore.acquire(3); });
    yield_until([&] {
      if (!semaphore.try_acquire()) return true;
      semaphore.release();
      return false;
    });
    auto small = weft::spawn([&] { semaphore.acquire(); });
    weft_test::settle();
    large.cancel();
    small.join();
    EXPECT_THROW(large.join(), weft::task_ended);
  });
}

TEST_P(SyncTasks, AWriterThatIsCancelledLetsReadersJoin) {
  run([] {
    weft::shared_mutex mutex;
    mutex.lock_shared();
    auto writer = weft::spawn([&] { mutex.lock(); });
    yield_until([&] { return waiters_of(mutex) == 1; });
    auto reader = weft::spawn([&] { std::shared_lock lock(mutex); });
    yield_until([&] { return waiters_of(mutex) == 2; });
    writer.cancel();
    reader.join();
    EXPECT_THROW(writer.join(), weft::task_ended);
    EXPECT_EQ(weft::rt::describe_shared_mutex(&mutex).shared_owners, 1u);
    mutex.unlock_shared();
    EXPECT_TRUE(mutex.try_lock());
    mutex.unlock();
  });
}

TEST_P(SyncTasks, ACancelledPartyHasNotArrivedAtTheBarrier) {
  run([] {
    weft::barrier barrier(3);
    std::atomic<int> passed{0};
    std::atomic<bool> about_to{false};
    auto gives_up = weft::spawn([&] {
      about_to = true;
      barrier.arrive_and_wait();
      ++passed;
    });
    yield_until(about_to);
    weft_test::settle();
    gives_up.cancel();
    EXPECT_THROW(gives_up.join(), weft::task_ended);
    auto first = weft::spawn([&] {
      barrier.arrive_and_wait();
      ++passed;
    });
    auto second = weft::spawn([&] {
      barrier.arrive_and_wait();
      ++passed;
    });
    weft_test::settle();
    EXPECT_EQ(passed, 0);
    barrier.arrive_and_wait();
    first.join();
    second.join();
    EXPECT_EQ(passed, 2);
  });
}

TEST_P(SyncTasks, WhoWaitsForAOnceCanBeCancelled) {
  run([] {
    weft::once once;
    std::atomic<bool> release{false}, running{false}, waiting{false};
    auto runs = weft::spawn([&] {
      once.call([&] {
        running = true;
        yield_until(release);
      });
    });
    yield_until(running);
    auto waits = weft::spawn([&] {
      waiting = true;
      once.call([] { ADD_FAILURE() << "twice"; });
    });
    yield_until(waiting);
    weft_test::settle();
    waits.cancel();
    EXPECT_THROW(waits.join(), weft::task_ended);
    release = true;
    runs.join();
    EXPECT_TRUE(once.is_done());
  });
}

TEST_P(SyncTasks, WaitGroupGoCountsATaskThatIsCancelledOrExits) {
  run([] {
    weft::wait_group group;
    group.go([] { weft::this_task::exit(); });
    group.go([] { throw weft::task_cancelled{}; });
    group.wait();
  });
}

TEST_P(SyncTasks, TimeLimits) {
  run([] {
    weft::mutex mutex;
    weft::shared_mutex shared;
    weft::semaphore semaphore(0);
    weft::wait_group group;
    weft::condition_variable condition;
    group.add();
    mutex.lock();
    shared.lock_shared();
    weft::spawn([&] {
      EXPECT_FALSE(mutex.try_lock_for(1ms));
      EXPECT_FALSE(mutex.try_lock_until(std::chrono::steady_clock::now() - 1h));
      EXPECT_FALSE(shared.try_lock_for(1ms));
      EXPECT_TRUE(shared.try_lock_shared_for(1ms));
      EXPECT_FALSE(semaphore.try_acquire_for(1ms));
      EXPECT_FALSE(group.wait_for(1ms));
      std::unique_lock lock(shared, std::defer_lock);
      EXPECT_FALSE(lock.try_lock_for(1ms));
      shared.unlock_shared();
    }).join();
    std::unique_lock lock(mutex, std::adopt_lock);
    EXPECT_EQ(condition.wait_for(lock, 1ms), std::cv_status::timeout);
    EXPECT_TRUE(lock.owns_lock());
    shared.unlock_shared();
    group.done();
  });
}

// Success, cancellation and time limits race at each kind of wait; afterwards every lock is free
// and every unit is back.
TEST_P(SyncTasks, CancellationRacesWithSuccess) {
  run([] {
    weft::mutex mutex;
    weft::shared_mutex shared;
    weft::semaphore semaphore(2);
    weft::condition_variable condition;
    std::atomic<int> inside{0}, readers{0};
    std::mt19937 random(5);
    const int rounds = weft_test::under_tsan ? 15 : 60;
    for (int round = 0; round < rounds; ++round) {
      std::vector<weft::task<void>> tasks;
      for (int i = 0; i < 12; ++i) {
        tasks.push_back(weft::spawn([&, seed = random()] {
          std::mt19937 mine(seed);
          for (int step = 0; step < 20; ++step) {
            const auto limit = std::chrono::microseconds(mine() % 100);
            switch (mine() % 7) {
              case 0: {
                std::lock_guard lock(mutex);
                EXPECT_EQ(++inside, 1);
                --inside;
                condition.notify_one();
                break;
              }
              case 1: {
                std::unique_lock lock(mutex, limit);
                if (lock.owns_lock() && mine() % 2 == 0) weft::this_task::yield();
                break;
              }
              case 2: {
                std::unique_lock lock(mutex);
                (void)condition.wait_for(lock, limit);
                EXPECT_EQ(++inside, 1);
                --inside;
                break;
              }
              case 3: {
                std::lock_guard lock(shared);
                EXPECT_EQ(readers, 0);
                if (mine() % 2 == 0) weft::this_task::yield();
                EXPECT_EQ(readers, 0);
                break;
              }
              case 4: {
                std::shared_lock lock(shared, limit);
                if (!lock.owns_lock()) break;
                struct counted {
                  std::atomic<int>& n;
                  explicit counted(std::atomic<int>& c) : n(c) { ++n; }
                  ~counted() { --n; }
                } reading(readers);
                if (mine() % 2 == 0) weft::this_task::yield();
                break;
              }
              case 5: {
                const int units = 1 + static_cast<int>(mine() % 2);
                semaphore.acquire(units);
                struct giver {
                  weft::semaphore& s;
                  int n;
                  ~giver() { s.release(n); }
                } give{semaphore, units};
                weft::this_task::yield();
                break;
              }
              default:
                if (semaphore.try_acquire_for(limit)) semaphore.release();
            }
          }
        }));
      }
      for (auto& task : tasks)
        if (random() % 2 == 0) {
          weft::this_task::yield();
          task.cancel();
        }
      for (auto& task : tasks) {
        try {
          task.join();
        } catch (const weft::task_ended&) {
        }
      }
      ASSERT_TRUE(mutex.try_lock());
      mutex.unlock();
      ASSERT_TRUE(shared.try_lock());
      shared.unlock();
      ASSERT_TRUE(semaphore.try_acquire(2));
      semaphore.release(2);
      ASSERT_EQ(waiters_of(mutex), 0u);
      ASSERT_EQ(waiters_of(shared), 0u);
    }
  });
}

TEST_P(SyncTasks, TasksAndForeignThreadsShareALock) {
  weft::mutex mutex;
  weft::condition_variable condition;
  weft::wait_group group;
  long plain = 0;
  int turns = 0;
  constexpr int n = 300;
  group.add(2);
  std::thread thread([&] {
    for (int i = 0; i < n; ++i) {
      std::lock_guard lock(mutex);
      ++plain;
    }
    for (int i = 0; i < n; ++i) {
      std::unique_lock lock(mutex);
      condition.wait(lock, [&] { return turns % 2 == 1; });
      ++turns;
      condition.notify_all();
    }
    group.done();
    group.wait();
  });
  run([&] {
    for (int i = 0; i < n; ++i) {
      std::lock_guard lock(mutex);
      ++plain;
      if (i % 16 == 0) weft::this_task::yield();
    }
    for (int i = 0; i < n; ++i) {
      std::unique_lock lock(mutex);
      condition.wait(lock, [&] { return turns % 2 == 0; });
      ++turns;
      condition.notify_all();
    }
    group.done();
    group.wait();
  });
  thread.join();
  EXPECT_EQ(plain, 2 * n);
  EXPECT_EQ(turns, 2 * n);
}

TEST(sync_tasks_death, unlock_of_another_tasks_lock_names_both) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(weft::run([] {
                weft::mutex mutex;
                weft::spawn([&] { mutex.lock(); }).join();
                mutex.unlock();
              }),
              testing::ExitedWithCode(2),
              "fatal error: unlock of a mutex held by task [0-9]+, by task [0-9]+");
}

}  // namespace
