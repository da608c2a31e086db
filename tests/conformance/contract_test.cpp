// Sentences of the contract (docs/semantics.md) that no other file is about; see docs/conformance.md.
#include <atomic>
#include <chrono>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/run.hpp"

namespace {

using namespace std::chrono_literals;
using weft_test::on_workers;

class Contract : public on_workers {};
WEFT_ON_WORKERS(Contract);

TEST_P(Contract, ExitInTheMainTaskEndsRunWithZero) {
  bool unwound = false;
  EXPECT_EQ(run([&]() -> int {
              struct guard {
                bool& set;
                ~guard() { set = true; }
              } at_end{unwound};
              weft::this_task::exit();
            }),
            0);
  EXPECT_TRUE(unwound);
}

TEST_P(Contract, AConcurrentRunIsAnError) {
  run([] {
    weft::blocking([] {
      std::thread([] { EXPECT_THROW(weft::run([] {}), weft::error); }).join();
    });
  });
}

TEST_P(Contract, StartAndStopServeAHostWithItsOwnLoop) {
  for (int round = 0; round < 3; ++round) {
    weft::start(weft_test::workers(GetParam()));
    EXPECT_THROW(weft::start(), weft::error);
    auto in = weft::make_chan<int>();
    auto out = weft::make_chan<int>();
    std::atomic<int> ended{0};
    struct count {
      std::atomic<int>& n;
      ~count() { ++n; }
    };
    weft::go([&, in, out] {
      count guard{ended};
      for (int v : in) out.send(v + 1);
    });
    weft::go([&] {
      count guard{ended};
      weft::chan<int>().recv();
    });
    for (int i = 0; i < 50; ++i) {
      in.send(i);
      EXPECT_EQ(out.recv(), i + 1);
    }
    weft::stop();
    EXPECT_EQ(ended, 2);
    EXPECT_THROW(weft::stop(), weft::error);
    EXPECT_THROW(weft::go([] {}), weft::error);
  }
}

TEST_P(Contract, AHandlesDestructorCancelsAndJoins) {
  run([] {
    std::atomic<bool> started{false};
    std::atomic<bool> ended{false};
    {
      auto t = weft::spawn([&] {
        started = true;
        struct guard {
          std::atomic<bool>& set;
          ~guard() { set = true; }
        } at_end{ended};
        weft::chan<int>().recv();
      });
      weft_test::yield_until(started);
    }
    EXPECT_TRUE(ended);
  });
}

TEST_P(Contract, JoinOfATaskThatWasCancelledOrExitedThrowsTaskEnded) {
  run([] {
    auto cancelled = weft::spawn([] { weft::chan<int>().recv(); });
    cancelled.cancel();
    EXPECT_THROW(cancelled.join(), weft::task_ended);
    auto exited = weft::spawn([]() -> int { weft::this_task::exit(); });
    EXPECT_THROW(exited.join(), weft::error);
  });
}

TEST_P(Contract, TheNameBelongsToTheTask) {
  run([] {
    EXPECT_EQ(weft::this_task::name(), "main");
    weft::this_task::set_name("first");
    weft::spawn([] {
      EXPECT_EQ(weft::this_task::name(), "");
      weft::this_task::set_name(std::string(40, 'x'));
      weft::this_task::yield();
      EXPECT_EQ(weft::this_task::name(), std::string(31, 'x'));
    }).join();
    EXPECT_EQ(weft::this_task::name(), "first");
  });
}

TEST_P(Contract, CancelledTellsWhetherTheTaskWasCancelled) {
  run([] {
    EXPECT_FALSE(weft::this_task::cancelled());
    std::atomic<bool> go_on{false};
    std::atomic<bool> seen{false};
    std::atomic<bool> started{false};
    auto t = weft::spawn([&] {
      started = true;
      weft::blocking([&] {
        while (!go_on) std::this_thread::sleep_for(100us);
      });
      seen = weft::this_task::cancelled();
    });
    weft_test::yield_until(started);
    t.cancel();
    go_on = true;
    EXPECT_NO_THROW(t.join());
    EXPECT_TRUE(seen);
  });
}

// What a cancelled task may do without being interrupted.
TEST_P(Contract, CallsThatDoNotWaitDoNotThrowInACancelledTask) {
  run([] {
    std::atomic<bool> started{false};
    auto t = weft::spawn([&] {
      auto ch = weft::make_chan<int>(2);
      weft::mutex m;
      m.lock();
      started = true;
      try {
        weft::chan<int>().recv();
        ADD_FAILURE() << "not cancelled";
      } catch (const weft::task_cancelled&) {
        m.unlock();
        EXPECT_TRUE(ch.try_send(1));
        EXPECT_EQ(ch.try_recv(), 1);
        EXPECT_EQ(weft::select(weft::recv(ch), weft::otherwise()), 1);
        ch.close();
        weft::semaphore s(0);
        s.release();
        EXPECT_TRUE(s.try_acquire());
        weft::condition_variable().notify_all();
        throw;
      }
    });
    weft_test::yield_until(started);
    t.cancel();
    EXPECT_THROW(t.join(), weft::task_ended);
  });
}

TEST_P(Contract, PlainThreadsSpawnSendReceiveSelectLockAndWait) {
  run([] {
    auto to = weft::make_chan<int>();
    auto from = weft::make_chan<int>(1);
    weft::mutex m;
    int sum = 0;
    weft::wait_group all;
    all.add(4);
    std::vector<std::thread> threads;
    for (int n = 0; n < 4; ++n) {
      threads.emplace_back([&, n] {
        weft::go([to, n] { to.send(n + 1); });
        int v = 0;
        EXPECT_EQ(weft::select(weft::recv(to, v), weft::timeout(60s)), 0);
        {
          std::scoped_lock lock(m);
          sum += v;
        }
        weft::spawn([] {}).join();
        from.send(v);
        all.done();
      });
    }
    int received = 0;
    for (int n = 0; n < 4; ++n) received += *from.recv();
    all.wait();
    EXPECT_EQ(received, 10);
    std::scoped_lock lock(m);
    EXPECT_EQ(sum, 10);
    weft::blocking([&] {
      for (std::thread& t : threads) t.join();
    });
  });
}

TEST(ContractOutside, ChannelsLocksAndSelectsServePlainThreadsWithoutARuntime) {
  auto there = weft::make_chan<int>();
  auto back = weft::make_chan<int>(2);
  weft::mutex m;
  int count = 0;
  std::thread other([&] {
    for (int v : there) {
      {
        std::scoped_lock lock(m);
        ++count;
      }
      back.send(v * 2);
    }
    back.close();
  });
  for (int i = 0; i < 100; ++i) {
    int got = 0;
    there.send(i);
    EXPECT_EQ(weft::select(weft::recv(weft::chan<int>()), weft::recv(back, got)), 1);
    EXPECT_EQ(got, 2 * i);
  }
  there.close();
  EXPECT_EQ(back.recv(), std::nullopt);
  other.join();
  EXPECT_EQ(count, 100);
}

TEST_P(Contract, ABarrierMeetsRoundAfterRound) {
  run([] {
    constexpr int parties = 4;
    weft::barrier meet(parties);
    std::atomic<int> arrived{0};
    weft::wait_group all;
    for (int n = 0; n < parties; ++n) {
      all.go([&] {
        for (int round = 1; round <= 20; ++round) {
          ++arrived;
          meet.arrive_and_wait();
          EXPECT_GE(arrived, round * parties);
          meet.arrive_and_wait();
        }
      });
    }
    all.wait();
  });
}

TEST_P(Contract, TimedFormsOfEveryMeetingPlaceGiveUp) {
  run([] {
    weft::mutex m;
    weft::shared_mutex shared;
    weft::semaphore s(0);
    weft::wait_group group;
    weft::condition_variable changed;
    group.add();
    m.lock();
    shared.lock();
    weft::spawn([&] {
      EXPECT_FALSE(m.try_lock_for(1ms));
      EXPECT_FALSE(shared.try_lock_for(1ms));
      EXPECT_FALSE(shared.try_lock_shared_until(std::chrono::steady_clock::now() + 1ms));
      EXPECT_FALSE(s.try_acquire_for(1ms));
      EXPECT_FALSE(group.wait_for(1ms));
      weft::mutex own;
      std::unique_lock lock(own);
      EXPECT_EQ(changed.wait_for(lock, 1ms), weft::cv_status::timeout);
      EXPECT_TRUE(lock.owns_lock());
    }).join();
    shared.unlock();
    m.unlock();
    group.done();
  });
}

}  // namespace
