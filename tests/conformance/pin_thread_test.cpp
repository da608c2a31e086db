// SEMANTICS, "Tasks": pin_thread: a guard; its task stays on this OS thread.
#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>
#include <vector>

#include "tests/support/run.hpp"

namespace {

using namespace std::chrono_literals;
using weft_test::on_workers;

class PinThread : public on_workers {};
WEFT_ON_WORKERS(PinThread);

std::thread::id here() { return std::this_thread::get_id(); }

// Parks in turn in each of the ways at hand.
void park(int i) {
  switch (i % 4) {
    case 0:
      weft::this_task::yield();
      break;
    case 1:
      weft::sleep_for(10us);
      break;
    case 2: {
      auto ch = weft::make_chan<int>();
      weft::go([ch] { ch.send(1); });
      EXPECT_EQ(ch.recv(), 1);
      break;
    }
    case 3: {
      auto a = weft::make_chan<int>();
      auto b = weft::make_chan<int>();
      weft::go([b] { b.send(2); });
      int v = 0;
      EXPECT_EQ(weft::select(weft::recv(a, v), weft::recv(b, v)), 1);
      break;
    }
  }
}

TEST_P(PinThread, ThePinnedTaskStaysOnItsThreadAcrossParks) {
  run([] {
    weft::wait_group all;
    for (int n = 0; n < 6; ++n) {
      all.go([] {
        weft::pin_thread pin;
        const auto mine = here();
        for (int i = 0; i < 40; ++i) {
          park(i);
          EXPECT_EQ(here(), mine);
        }
      });
    }
    all.wait();
  });
}

TEST_P(PinThread, NoOtherTaskRunsOnThatThread) {
  run([] {
    weft::pin_thread pin;
    const auto mine = here();
    weft::wait_group others;
    for (int n = 0; n < 8; ++n) {
      others.go([mine] {
        for (int i = 0; i < 20; ++i) {
          EXPECT_NE(here(), mine);
          park(i);
        }
      });
    }
    others.wait();
    EXPECT_EQ(here(), mine);
  });
}

TEST_P(PinThread, AnOsMutexMayBeHeldAcrossAPark) {
  run([] {
    weft::wait_group all;
    std::mutex mutex;
    for (int n = 0; n < 2; ++n) {
      all.go([&] {
        weft::pin_thread pin;
        for (int i = 0; i < 20; ++i) {
          std::unique_lock<std::mutex> lock(mutex, std::defer_lock);
          while (!lock.try_lock()) weft::this_task::yield();
          park(i);
        }
      });
    }
    all.wait();
  });
}

TEST_P(PinThread, OtherTasksGoOnWhileThePinnedOneWaits) {
  run([] {
    weft::pin_thread pin;
    auto done = weft::make_chan<int>();
    weft::go([done] {
      for (int i = 0; i < 100; ++i) park(i);
      done.send(7);
    });
    EXPECT_EQ(done.recv(), 7);
  });
}

TEST_P(PinThread, GuardsNest) {
  run([] {
    weft::pin_thread outer;
    const auto mine = here();
    {
      weft::pin_thread inner;
      park(0);
    }
    for (int i = 0; i < 8; ++i) park(i);
    EXPECT_EQ(here(), mine);
  });
}

TEST_P(PinThread, BlockingInsideStaysOnTheThreadToo) {
  run([] {
    weft::wait_group all;
    for (int n = 0; n < 4; ++n) {
      all.go([] {
        weft::pin_thread pin;
        const auto mine = here();
        for (int i = 0; i < 10; ++i) {
          weft::blocking([&] {
            EXPECT_EQ(here(), mine);
            weft::pin_thread inner;
            std::this_thread::sleep_for(50us);
          });
          EXPECT_EQ(here(), mine);
          park(i);
        }
      });
      all.go([] {
        for (int i = 0; i < 100; ++i) weft::this_task::yield();
      });
    }
    all.wait();
  });
}

TEST_P(PinThread, APinnedTaskThatYieldsLetsTheOthersRun) {
  run([] {
    weft::pin_thread pin;
    std::atomic<bool> ran{false};
    weft::go([&] { ran = true; });
    weft_test::yield_until(ran);
    std::atomic<bool> slept{false};
    weft::go([&] {
      weft::sleep_for(1ms);
      slept = true;
    });
    weft_test::yield_until(slept);
  });
}

TEST_P(PinThread, ACancelledPinnedTaskIsUnwound) {
  std::atomic<int> unwound{0};
  run([&] {
    for (int n = 0; n < 3; ++n) {
      weft::go([&] {
        struct count {
          std::atomic<int>& n;
          ~count() { ++n; }
        } guard{unwound};
        weft::pin_thread pin;
        weft::make_chan<int>().recv();
      });
    }
    weft_test::settle();
  });
  EXPECT_EQ(unwound, 3);
}

TEST_P(PinThread, AnAbandonedPinnedTaskDoesNotHinderTheEnd) {
  weft::options options = weft_test::workers(GetParam());
  options.on_main_exit = weft::main_exit::abandon;
  std::atomic<bool> pinned{false};
  weft::run(options, [&] {
    weft::go([&] {
      weft::pin_thread pin;
      pinned = true;
      weft::chan<int>().recv();
    });
    weft_test::yield_until(pinned);
  });
  EXPECT_EQ(run([] { return 5; }), 5);
}

TEST_P(PinThread, APinnedTaskCountsForTheDeadlockDecision) {
  weft::options options = weft_test::workers(GetParam());
  options.on_deadlock = weft::deadlock_action::unwind;
  options.foreign_threads = weft::never_wake;
  bool told = false;
  weft::run(options, [&] {
    weft::pin_thread pin;
    try {
      weft::make_chan<int>().recv();
    } catch (const weft::deadlocked&) {
      told = true;
    }
  });
  EXPECT_TRUE(told);
}

TEST(PinThreadOutside, OnAForeignThreadAGuardDoesNothing) {
  weft::pin_thread pin;
  auto ch = weft::make_chan<int>(1);
  ch.send(1);
  EXPECT_EQ(ch.recv(), 1);
}

// A timer armed after a worker went to wait in the poller for a later one, and then every processor
// idle because of a blocking region: the timer fires nevertheless.
TEST(Blocking, ATimerArmedBeforeARegionFiresDuringIt) {
  weft_test::run(2, [] {
    weft::go([] { weft::sleep_for(1h); });
    for (int i = 0; i < 20; ++i) {
      weft::sleep_for(1ms);  // the other worker gets to the poller, for the hour
      std::atomic<bool> fired{false};
      weft::go([&] {
        weft::sleep_for(2ms);
        fired = true;
      });
      weft::this_task::yield();
      weft::blocking([&] {
        while (!fired) std::this_thread::sleep_for(100us);
      });
    }
  });
}

}  // namespace
