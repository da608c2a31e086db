// SEMANTICS, "Sync": mutex and condition_variable between tasks, with std's lock types.
#include <chrono>
#include <mutex>
#include <vector>

#include "tests/support/run.hpp"

namespace {

using weft_test::on_workers;
using weft_test::settle;
using weft_test::yield_until;

class Mutex : public on_workers {};
WEFT_ON_WORKERS(Mutex);

TEST_P(Mutex, ExcludesAndOrders) {
  run([] {
    weft::mutex mutex;
    long plain = 0;
    int inside = 0;
    weft::wait_group all;
    for (int t = 0; t < 16; ++t) {
      all.go([&, t] {
        for (int i = 0; i < 200; ++i) {
          const std::lock_guard lock(mutex);
          EXPECT_EQ(++inside, 1);
          if ((i + t) % 7 == 0) weft::this_task::yield();  // also across a park
          ++plain;
          --inside;
        }
      });
    }
    all.wait();
    EXPECT_EQ(plain, 16 * 200);
  });
}

TEST_P(Mutex, AWaiterGoesOnWhenItIsUnlocked) {
  run([] {
    weft::mutex mutex;
    std::atomic<bool> started{false}, entered{false};
    mutex.lock();
    auto t = weft::spawn([&] {
      started = true;
      const std::lock_guard lock(mutex);
      entered = true;
    });
    yield_until(started);
    settle();
    EXPECT_FALSE(entered);
    mutex.unlock();
    t.join();
    EXPECT_TRUE(entered);
  });
}

TEST_P(Mutex, TryLock) {
  run([] {
    weft::mutex mutex;
    EXPECT_TRUE(mutex.try_lock());
    weft::spawn([&] { EXPECT_FALSE(mutex.try_lock()); }).join();
    mutex.unlock();
    weft::spawn([&] {
      EXPECT_TRUE(mutex.try_lock());
      mutex.unlock();
    }).join();
  });
}

TEST_P(Mutex, WorksWithScopedLockOfSeveral) {
  run([] {
    weft::mutex a, b;
    int plain = 0;
    weft::wait_group all;
    for (int t = 0; t < 8; ++t) {
      all.go([&, t] {
        for (int i = 0; i < 100; ++i) {
          if (t % 2 == 0) {
            const std::scoped_lock both(a, b);
            ++plain;
          } else {
            const std::scoped_lock both(b, a);
            ++plain;
          }
          if (i % 8 == 0) weft::this_task::yield();
        }
      });
    }
    all.wait();
    EXPECT_EQ(plain, 800);
  });
}

TEST_P(Mutex, WorksWithUniqueLock) {
  run([] {
    weft::mutex mutex;
    std::unique_lock lock(mutex, std::defer_lock);
    EXPECT_TRUE(lock.try_lock());
    lock.unlock();
    lock.lock();
    EXPECT_TRUE(lock.owns_lock());
  });
}

class ConditionVariable : public on_workers {};
WEFT_ON_WORKERS(ConditionVariable);

TEST_P(ConditionVariable, WaitReleasesTheLockAndHoldsItAgain) {
  run([] {
    weft::mutex mutex;
    weft::condition_variable changed;
    bool waiting = false, ready = false;
    auto t = weft::spawn([&] {
      std::unique_lock lock(mutex);
      waiting = true;
      changed.wait(lock, [&] { return ready; });
      EXPECT_TRUE(lock.owns_lock());
      EXPECT_TRUE(ready);
    });
    yield_until([&] {
      const std::lock_guard lock(mutex);
      return waiting;
    });
    {
      const std::lock_guard lock(mutex);
      ready = true;
    }
    changed.notify_one();
    t.join();
  });
}

// A waiter counts itself under the mutex before it waits: who then holds the mutex knows that it
// waits.
struct waiters {
  weft::mutex mutex;
  weft::condition_variable condition;
  int waiting = 0;
  std::vector<int> woken;

  void wait(int id) {
    std::unique_lock lock(mutex);
    ++waiting;
    condition.wait(lock);
    woken.push_back(id);
  }
  void until_waiting(int n) {
    yield_until([&] {
      const std::lock_guard lock(mutex);
      return waiting == n;
    });
  }
  std::size_t count_woken() {
    const std::lock_guard lock(mutex);
    return woken.size();
  }
};

TEST_P(ConditionVariable, NotifyOneWakesInTheOrderOfWaiting) {
  run([] {
    waiters w;
    weft::wait_group all;
    for (int i = 0; i < 20; ++i) {
      all.go([&w, i] { w.wait(i); });
      w.until_waiting(i + 1);
    }
    for (std::size_t i = 0; i < 20; ++i) {
      w.condition.notify_one();
      yield_until([&] { return w.count_woken() == i + 1; });
    }
    all.wait();
    for (int i = 0; i < 20; ++i) EXPECT_EQ(w.woken[i], i);
  });
}

TEST_P(ConditionVariable, NotifyOneWakesNoMoreThanOne) {
  run([] {
    waiters w;
    weft::wait_group all;
    for (int i = 0; i < 10; ++i) all.go([&w, i] { w.wait(i); });
    w.until_waiting(10);
    w.condition.notify_one();
    yield_until([&] { return w.count_woken() == 1; });
    settle();
    EXPECT_EQ(w.count_woken(), 1u);
    w.condition.notify_all();
    all.wait();
    EXPECT_EQ(w.count_woken(), 10u);
  });
}

TEST_P(ConditionVariable, NotifyAllWakesAllThatWait) {
  run([] {
    waiters w;
    weft::wait_group all;
    for (int i = 0; i < 50; ++i) all.go([&w, i] { w.wait(i); });
    w.until_waiting(50);
    w.condition.notify_all();
    all.wait();
    EXPECT_EQ(w.woken.size(), 50u);
  });
}

TEST_P(ConditionVariable, ANotifyWithoutWaitersIsNotKept) {
  run([] {
    waiters w;
    w.condition.notify_one();
    w.condition.notify_all();
    auto t = weft::spawn([&] { w.wait(0); });
    w.until_waiting(1);
    settle();
    EXPECT_EQ(w.count_woken(), 0u);
    w.condition.notify_one();
    t.join();
  });
}

// Bounded buffer: no wake-up is lost between many producers and consumers.
TEST_P(ConditionVariable, ABoundedBuffer) {
  run([] {
    weft::mutex mutex;
    weft::condition_variable not_full, not_empty;
    std::vector<int> buffer;
    constexpr int tasks = 4, n = 250;
    long sum = 0;
    weft::wait_group all;
    for (int t = 0; t < tasks; ++t) {
      all.go([&] {
        for (int i = 0; i < n; ++i) {
          std::unique_lock lock(mutex);
          not_full.wait(lock, [&] { return buffer.size() < 3; });
          buffer.push_back(i);
          not_empty.notify_one();
        }
      });
      all.go([&] {
        for (int i = 0; i < n; ++i) {
          std::unique_lock lock(mutex);
          not_empty.wait(lock, [&] { return !buffer.empty(); });
          sum += buffer.back();
          buffer.pop_back();
          not_full.notify_one();
        }
      });
    }
    all.wait();
    EXPECT_EQ(sum, static_cast<long>(tasks) * n * (n - 1) / 2);
  });
}

}  // namespace
