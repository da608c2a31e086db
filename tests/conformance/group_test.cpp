// SEMANTICS, "Tasks": weft::group. The first exception wins, cancels the others, is rethrown by wait();
// limit(n) bounds concurrency; the destructor cancels and waits; nothing outlives its group.
#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

#include "tests/support/run.hpp"

namespace {

using namespace std::chrono_literals;
using weft_test::on_workers;
using weft_test::settle;
using weft_test::yield_until;

class Group : public on_workers {};
WEFT_ON_WORKERS(Group);

TEST_P(Group, WaitWaitsForAllOfIt) {
  run([] {
    std::atomic<int> done{0};
    weft::group g;
    g.wait();  // of nothing
    for (int i = 0; i < 100; ++i)
      g.go([&] {
        weft::this_task::yield();
        ++done;
      });
    g.wait();
    EXPECT_EQ(done, 100);
    g.go([&] { ++done; });  // again
    g.wait();
    EXPECT_EQ(done, 101);
    EXPECT_FALSE(g.context().err());
  });
}

TEST_P(Group, ArgumentsAreDecayCopiedInTheCaller) {
  run([] {
    weft::group g;
    std::string got;
    g.go([&](std::unique_ptr<std::string> s) { got = *s; }, std::make_unique<std::string>("x"));
    g.wait();
    EXPECT_EQ(got, "x");
  });
}

TEST_P(Group, TheFirstExceptionWinsCancelsTheOthersAndIsRethrown) {
  run([] {
    std::atomic<int> unwound{0};
    weft::group g;
    auto never = weft::make_chan<int>();
    for (int i = 0; i < 20; ++i)
      g.go([&] {
        struct at_end {
          std::atomic<int>& n;
          ~at_end() { ++n; }
        } guard{unwound};
        never.recv();
      });
    g.go([] { throw std::runtime_error("first"); });
    try {
      g.wait();
      ADD_FAILURE() << "it throws";
    } catch (const std::runtime_error& e) {
      EXPECT_STREQ(e.what(), "first");
    }
    EXPECT_EQ(unwound, 20);
    EXPECT_EQ(g.context().err(), std::errc::operation_canceled);
    EXPECT_THROW(std::rethrow_exception(g.context().cause()), std::runtime_error);
    g.wait();  // it was told
  });
}

TEST_P(Group, LaterExceptionsAreDropped) {
  run([] {
    weft::group g;
    std::atomic<bool> thrown{false};
    g.go([&] {
      try {
        weft::make_chan<int>().recv();
      } catch (const weft::task_cancelled&) {
        thrown = true;
        throw std::logic_error("second");
      }
    });
    g.go([] { throw std::runtime_error("first"); });
    EXPECT_THROW(g.wait(), std::runtime_error);
    EXPECT_TRUE(thrown);
  });
}

TEST_P(Group, TheDestructorCancelsAndWaits) {
  run([] {
    std::atomic<int> unwound{0};
    auto never = weft::make_chan<int>();
    {
      weft::group g;
      for (int i = 0; i < 50; ++i)
        g.go([&, held = std::shared_ptr<int>(new int, [&](int* p) {
                   delete p;
                   ++unwound;
                 })] { never.recv(); });
      settle();
    }
    EXPECT_EQ(unwound, 50);
  });
}

TEST_P(Group, ClosuresAreGoneWhenWaitReturns) {
  run([] {
    for (int i = 0; i < 200; ++i) {
      auto watched = std::make_shared<int>(1);
      weft::group g;
      g.go([watched] {});
      g.go([watched] { weft::this_task::yield(); });
      g.wait();
      EXPECT_EQ(watched.use_count(), 1);
    }
  });
}

TEST_P(Group, AnExceptionThatWaitsIsNotLostWithTheTask) {
  run([] {
    weft::group g;
    g.go([] { throw 7; });
    settle();
    EXPECT_THROW(g.wait(), int);
  });
}

TEST_P(Group, EndedTasksAndExitAreNoExceptions) {
  run([] {
    weft::group g;
    g.go([] { weft::this_task::exit(); });
    g.wait();
    EXPECT_FALSE(g.context().err());
  });
}

// ---- context ---------------------------------------------------------------------------------------

TEST_P(Group, ItsTasksHaveItsContext) {
  run([] {
    EXPECT_EQ(weft::this_task::context(), weft::context::background());
    weft::group g;
    g.go([&] {
      EXPECT_EQ(weft::this_task::context(), g.context());
      weft::group inner(weft::this_task::context());
      inner.go([&] { EXPECT_EQ(weft::this_task::context(), inner.context()); });
      inner.wait();
      weft::spawn([] { EXPECT_EQ(weft::this_task::context(), weft::context()); }).join();
    });
    g.wait();
  });
}

TEST_P(Group, WhenItsContextEndsItsTasksAreCancelled) {
  run([] {
    auto [ctx, cancel] = weft::with_cancel(weft::context());
    weft::group g(ctx);
    std::atomic<int> cancelled{0};
    for (int i = 0; i < 20; ++i)
      g.go([&] {
        try {
          weft::make_chan<int>().recv();
        } catch (const weft::task_cancelled&) {
          ++cancelled;
          throw;
        }
      });
    settle();
    cancel();
    EXPECT_THROW(g.wait(), weft::cancelled);
    EXPECT_EQ(cancelled, 20);
  });
}

TEST_P(Group, ADeadlineCancelsTheTasks) {
  run([] {
    weft::group g(weft::with_timeout(weft::context(), 3ms).ctx);
    for (int i = 0; i < 5; ++i) g.go([] { weft::sleep_for(1h); });
    EXPECT_THROW(g.wait(), weft::deadline_exceeded);
  });
}

TEST_P(Group, ATaskOfAnEndedGroupRunsToItsFirstBlockingCall) {
  run([] {
    auto [ctx, cancel] = weft::with_cancel(weft::context());
    cancel();
    weft::group g(ctx);
    std::atomic<bool> began{false}, passed{false};
    g.go([&] {
      began = true;
      weft::this_task::yield();
      passed = true;
    });
    EXPECT_THROW(g.wait(), weft::cancelled);
    EXPECT_TRUE(began);
    EXPECT_FALSE(passed);
  });
}

TEST_P(Group, TheContextMayOutliveTheGroup) {
  run([] {
    weft::context ctx;
    {
      weft::group g;
      ctx = g.context();
      EXPECT_FALSE(ctx.err());
    }
    EXPECT_EQ(ctx.err(), std::errc::operation_canceled);
  });
}

TEST_P(Group, TheEndRacesWithTasksThatBeginAndEnd) {
  run([] {
    for (int round = 0; round < 60; ++round) {
      auto [ctx, cancel] = weft::with_cancel(weft::context());
      auto canceller = weft::spawn([cancel = cancel, round] {
        for (int n = round % 6; n > 0; --n) weft::this_task::yield();
        cancel();
      });
      weft::group g(ctx);
      std::atomic<int> alive{0};
      for (int i = 0; i < 30; ++i)
        g.go([&, i] {
          ++alive;
          struct at_end {
            std::atomic<int>& n;
            ~at_end() { --n; }
          } guard{alive};
          for (int n = i % 4; n > 0; --n) weft::this_task::yield();
          if (i % 3 == 0) weft::make_chan<int>().recv();
        });
      EXPECT_THROW(g.wait(), weft::cancelled);
      EXPECT_EQ(alive, 0);
      canceller.join();
    }
  });
}

// ---- limit -----------------------------------------------------------------------------------------

TEST_P(Group, TheLimitBoundsHowManyRun) {
  run([] {
    weft::group g;
    g.limit(3);
    std::atomic<int> running{0}, most{0}, done{0};
    for (int i = 0; i < 100; ++i)
      g.go([&] {
        const int now = ++running;
        for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
        }
        weft::this_task::yield();
        --running;
        ++done;
      });
    g.wait();
    EXPECT_EQ(done, 100);
    EXPECT_LE(most, 3);
    g.limit(-1);
    for (int i = 0; i < 10; ++i) g.go([&] { ++done; });
    g.wait();
    EXPECT_EQ(done, 110);
  });
}

TEST_P(Group, GoWaitsInOrderAndCanBeCancelled) {
  run([] {
    weft::group g;
    g.limit(1);
    auto gate = weft::make_chan<void>();
    g.go([&] { gate.recv(); });
    std::atomic<bool> began{false}, ran{false};
    auto spawner = weft::spawn([&] {
      began = true;
      g.go([&] { ran = true; });
    });
    yield_until(began);
    settle();
    spawner.cancel();
    EXPECT_THROW(spawner.join(), weft::task_ended);
    gate.close();
    g.wait();
    EXPECT_FALSE(ran);
    g.go([&] { ran = true; });  // its slot is free
    g.wait();
    EXPECT_TRUE(ran);
  });
}

TEST_P(Group, ACopyThatThrowsGivesTheSlotBack) {
  run([] {
    struct throwing {
      throwing() = default;
      throwing(const throwing&) { throw 7; }
    };
    weft::group g;
    g.limit(1);
    const throwing argument;
    EXPECT_THROW(g.go([](const throwing&) {}, argument), int);
    std::atomic<bool> ran{false};
    g.go([&] { ran = true; });
    g.wait();
    EXPECT_TRUE(ran);
  });
}

// ---- foreign threads -------------------------------------------------------------------------------

TEST(GroupOfThreads, APlainThreadMaySpawnAndWait) {
  weft_test::run(2, [] {
    std::atomic<int> done{0};
    std::thread other([&] {
      weft::group g;
      g.limit(2);
      for (int i = 0; i < 20; ++i)
        g.go([&] {
          weft::this_task::yield();
          ++done;
        });
      g.wait();
      EXPECT_EQ(done, 20);
      g.go([] { weft::sleep_for(1h); });
    });
    weft::blocking([&] { other.join(); });
  });
}

TEST(GroupOfThreads, WithoutARuntimeGoThrowsAndLeavesItUsable) {
  weft::group g;
  g.limit(1);
  for (int i = 0; i < 3; ++i) EXPECT_THROW(g.go([] {}), weft::error);
  g.wait();
}

}  // namespace
