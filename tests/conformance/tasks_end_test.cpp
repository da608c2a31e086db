// SEMANTICS, "Running" and "Tasks": what becomes of the tasks that remain when main ends; sleep_for
// and blocking.
#include <chrono>
#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <type_traits>

#include "tests/support/counted.hpp"
#include "tests/support/run.hpp"

namespace {

using namespace std::chrono_literals;
using weft_test::counted;
using weft_test::on_workers;
using weft_test::yield_until;

class MainsEnd : public on_workers {};
WEFT_ON_WORKERS(MainsEnd);

TEST(Cancellation, IsNotAStdException) {
  static_assert(!std::is_base_of_v<std::exception, weft::task_cancelled>);
}

TEST_P(MainsEnd, CancelsTheTasksThatRemainAndRunsTheirDestructors) {
  counted::count.reset();
  std::atomic<int> parked{0};
  run([&] {
    for (int i = 0; i < 50; ++i) {
      weft::go([&parked, i, local = counted(i)] {
        const counted on_the_stack(i);
        ++parked;
        weft::make_chan<int>().recv();
        ADD_FAILURE() << "came back from a receive that nobody serves";
      });
    }
    yield_until([&] { return parked == 50; });
  });
  EXPECT_EQ(counted::count.alive(), 0);
  EXPECT_EQ(counted::damaged, 0);
}

TEST_P(MainsEnd, CancelsEachKindOfWait) {
  counted::count.reset();
  std::atomic<int> started{0};
  std::atomic<int> cancelled{0};
  const auto wait_in = [&](auto call) {
    weft::go([&, call] {
      const counted local(1);
      ++started;
      try {
        call();
        ADD_FAILURE() << "returned";
      } catch (const weft::task_cancelled&) {
        ++cancelled;
        throw;
      }
    });
  };
  // What the tasks use outlives run: they are cancelled after main has returned.
  weft::chan<int> empty, full;
  weft::mutex mutex;
  weft::wait_group group;
  weft::semaphore none(0);
  weft::mutex condition_mutex;
  weft::condition_variable condition;
  run([&] {
    empty = weft::make_chan<int>();
    full = weft::make_chan<int>(1);
    full.send(1);
    mutex.lock();
    group.add();
    wait_in([&] { empty.recv(); });
    wait_in([&] { full.send(2); });
    wait_in([&] { weft::chan<int>().recv(); });
    wait_in([&] {
      for (int v : empty) (void)v;
    });
    wait_in([&] { weft::select(weft::recv(empty), weft::send(full, 3)); });
    wait_in([&] { weft::select(weft::recv(empty), weft::timeout(24h)); });
    wait_in([&] { weft::select(); });
    wait_in([&] { weft::sleep_for(24h); });
    wait_in([&] { mutex.lock(); });
    wait_in([&] { group.wait(); });
    wait_in([&] { none.acquire(); });
    wait_in([&] {
      std::unique_lock lock(condition_mutex);
      condition.wait(lock);
    });
    yield_until([&] { return started == 12; });
    weft_test::settle();
    EXPECT_EQ(cancelled, 0);
    // Main ends with the mutex locked and the group above zero, so that nothing but cancellation
    // can end the waits.
  });
  EXPECT_EQ(cancelled, 12);
  EXPECT_EQ(counted::count.alive(), 0);
}

TEST_P(MainsEnd, ATaskThatDidNotStartRunsToItsFirstBlockingCall) {
  constexpr int n = 20;
  std::atomic<int> started{0};
  std::atomic<int> beyond{0};
  run([&] {
    for (int i = 0; i < n; ++i) {
      weft::go([&] {
        ++started;
        weft::chan<int>().recv();
        ++beyond;
      });
    }
  });
  EXPECT_EQ(started, n);
  EXPECT_EQ(beyond, 0);
}

TEST_P(MainsEnd, EachBlockingCallOfACancelledTaskThrowsAndYieldIsOne) {
  std::atomic<bool> started{false};
  std::atomic<int> thrown{0};
  run([&] {
    weft::go([&] {
      const auto ch = weft::make_chan<int>(1);
      started = true;
      const auto count = [&](auto call) {
        try {
          call();
        } catch (const weft::task_cancelled&) {
          ++thrown;
        }
      };
      count([&] { weft::chan<int>().recv(); });
      // From now on the task is cancelled. A call that would not wait throws as well, before it had
      // any effect.
      count([&] { weft::this_task::yield(); });
      count([&] { ch.send(1); });
      EXPECT_EQ(ch.len(), 0u);
      count([&] { weft::sleep_for(1ms); });
      count([&] { weft::select(weft::send(ch, 1)); });
      EXPECT_EQ(ch.len(), 0u);
      // These are no blocking calls.
      EXPECT_TRUE(ch.try_send(1));
      EXPECT_EQ(ch.try_recv(), 1);
      EXPECT_EQ(weft::select(weft::recv(ch), weft::otherwise()), 1);
      ch.close();
    });
    yield_until(started);
  });
  EXPECT_EQ(thrown, 5);
}

TEST_P(MainsEnd, DestructorsMayWaitWhileTheTaskUnwinds) {
  std::atomic<bool> started{false};
  std::atomic<int> finished{0};
  run([&] {
    weft::go([&] {
      struct on_exit {
        std::atomic<int>& result;
        ~on_exit() {
          auto ch = weft::make_chan<int>();
          weft::go([ch] { ch.close(); });
          EXPECT_EQ(ch.recv(), std::nullopt);  // waits for the close
          weft::sleep_for(1ns);
          weft::this_task::yield();
          result = 1;
        }
      } guard{finished};
      started = true;
      weft::chan<int>().recv();
    });
    yield_until(started);
  });
  EXPECT_EQ(finished, 1);
}

TEST_P(MainsEnd, ACancelledTaskMayEndByReturning) {
  std::atomic<bool> started{false};
  run([&] {
    weft::go([&] {
      started = true;
      try {
        weft::chan<int>().recv();
      } catch (const weft::task_cancelled&) {
      }
    });
    yield_until(started);
  });
}

TEST_P(MainsEnd, AnExceptionOfMainCancelsTheRestToo) {
  counted::count.reset();
  std::atomic<bool> started{false};
  EXPECT_THROW(run([&] {
                 weft::go([&] {
                   const counted local(1);
                   started = true;
                   weft::chan<int>().recv();
                 });
                 yield_until(started);
                 throw std::runtime_error("main");
               }),
               std::runtime_error);
  EXPECT_EQ(counted::count.alive(), 0);
}

class Sleep : public on_workers {};
WEFT_ON_WORKERS(Sleep);

TEST_P(Sleep, IsNeverTooShort) {
  run([] {
    for (const auto d : {0ns, 1ns, 1000ns, 2'000'000ns}) {
      const auto before = std::chrono::steady_clock::now();
      weft::sleep_for(d);
      EXPECT_GE(std::chrono::steady_clock::now() - before, d);
    }
    const auto when = std::chrono::steady_clock::now() + 2ms;
    weft::sleep_until(when);
    EXPECT_GE(std::chrono::steady_clock::now(), when);
  });
}

TEST_P(Sleep, NegativeDoesNotWait) {
  run([] {
    weft::sleep_for(-1h);
    weft::sleep_until(std::chrono::steady_clock::now() - 1h);
  });
}

TEST_P(Sleep, OthersGoOnMeanwhile) {
  run([] {
    std::atomic<bool> asleep{false};
    weft::go([&] {
      asleep = true;
      weft::sleep_for(24h);
    });
    yield_until(asleep);
    EXPECT_EQ(weft::spawn([] { return 5; }).join(), 5);
  });
}

TEST_P(Sleep, ManySleepersWake) {
  run([] {
    weft::wait_group all;
    std::atomic<int> woken{0};
    for (int i = 0; i < 500; ++i) {
      all.go([&woken, i] {
        weft::sleep_for(std::chrono::microseconds(i * 7 % 3000));
        ++woken;
      });
    }
    all.wait();
    EXPECT_EQ(woken, 500);
  });
}

class Blocking : public on_workers {};
WEFT_ON_WORKERS(Blocking);

TEST_P(Blocking, ReturnsTheResult) {
  run([] {
    EXPECT_EQ(weft::blocking([] { return 12; }), 12);
    EXPECT_EQ(*weft::blocking([] { return std::make_unique<int>(3); }), 3);
    int n = 0;
    weft::blocking([&] { n = 1; });
    EXPECT_EQ(n, 1);
  });
}

TEST_P(Blocking, AnExceptionPassesThrough) {
  run([] {
    EXPECT_THROW(weft::blocking([] { throw std::runtime_error("inside"); }), std::runtime_error);
    EXPECT_EQ(weft::blocking([] { return 1; }), 1);
  });
}

TEST_P(Blocking, OtherTasksGoOn) {
  run([] {
    // More tasks block their threads than there are workers; each waits for a thing that only a
    // task can give.
    constexpr int n = 10;
    std::promise<int> promise;
    std::shared_future<int> answer = promise.get_future().share();
    std::vector<weft::task<int>> blocked;
    std::atomic<int> inside{0};
    for (int i = 0; i < n; ++i) {
      blocked.push_back(weft::spawn([&] {
        return weft::blocking([&] {
          ++inside;
          return answer.get();
        });
      }));
    }
    yield_until([&] { return inside == n; });
    promise.set_value(6);
    for (auto& t : blocked) EXPECT_EQ(t.join(), 6);
  });
}

}  // namespace
