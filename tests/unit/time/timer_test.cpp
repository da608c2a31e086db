// after, timer, ticker, after_func: ticks, taking back, waiting in select, what the deadlock
// decision and the end of a run make of them.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <random>
#include <thread>
#include <vector>

#include <weft/timer.hpp>

#include "runtime/chan/chan_info.hpp"
#include "tests/support/run.hpp"

namespace {

using namespace std::chrono_literals;
using clock_type = std::chrono::steady_clock;
using weft_test::on_workers;
using weft_test::yield_until;

void let_pass(clock_type::duration d) {
  const auto until = clock_type::now() + d;
  while (clock_type::now() < until) std::this_thread::yield();
}

class Timers : public on_workers {};
WEFT_ON_WORKERS(Timers);

TEST_P(Timers, AfterYieldsTheTimeOfItsDeadlineAndNotBefore) {
  run([] {
    const auto begin = clock_type::now();
    const auto when = weft::after(2ms).recv();
    ASSERT_TRUE(when);
    EXPECT_GE(*when, begin + 2ms);
    EXPECT_GE(clock_type::now(), *when);
    EXPECT_TRUE(weft::after(-1s).recv());
    EXPECT_TRUE(weft::after(0s).try_recv());
    EXPECT_FALSE(weft::after(1h).try_recv());
    EXPECT_FALSE(weft::after(std::chrono::hours::max()).recv_for(1ms));
  });
}

TEST_P(Timers, AChannelOfATimerYieldsOneTick) {
  run([] {
    weft::timer timer(1ms);
    EXPECT_EQ(timer.chan().cap(), 0u);
    EXPECT_EQ(timer.chan().len(), 0u);
    EXPECT_TRUE(timer.chan().recv());
    EXPECT_EQ(timer.chan().len(), 0u);
    EXPECT_FALSE(timer.chan().recv_for(2ms));
    EXPECT_FALSE(timer.chan().try_recv());
  });
}

TEST_P(Timers, StopTellsWhetherItWasPendingAndTakesBackAnExpiredTick) {
  run([] {
    weft::timer timer(1ms);
    let_pass(2ms);
    EXPECT_TRUE(timer.stop()) << "expired, but nobody took the tick";
    EXPECT_FALSE(timer.chan().try_recv());
    EXPECT_FALSE(timer.stop());
    EXPECT_FALSE(timer.reset(1ms));
    EXPECT_TRUE(timer.chan().recv());
    EXPECT_FALSE(timer.stop()) << "the tick was taken";
    EXPECT_FALSE(timer.reset(1h));
    EXPECT_TRUE(timer.reset(0ms));
    EXPECT_TRUE(timer.chan().try_recv());
  });
}

TEST_P(Timers, ResetDropsAStaleTick) {
  run([] {
    weft::timer timer(1ms);
    for (int i = 0; i < 20; ++i) {
      if (i % 2 == 0) let_pass(1ms);
      const auto begin = clock_type::now();
      timer.reset(500us);
      EXPECT_GE(*timer.chan().recv(), begin + 500us);
    }
  });
}

TEST_P(Timers, WhoWaitsFollowsAReset) {
  run([] {
    weft::timer timer(24h);
    std::atomic<bool> waiting{false};
    auto plain = weft::spawn([&] {
      waiting = true;
      return timer.chan().recv().has_value();
    });
    yield_until(waiting);
    weft_test::settle();
    EXPECT_TRUE(timer.reset(1ms));
    EXPECT_TRUE(plain.join());

    waiting = false;
    timer.reset(24h);
    weft::chan<int> other = weft::make_chan<int>();
    auto in_select = weft::spawn([&] {
      waiting = true;
      return weft::select(weft::recv(other), weft::recv(timer.chan()));
    });
    yield_until(waiting);
    weft_test::settle();
    EXPECT_TRUE(timer.reset(1ms));
    EXPECT_EQ(in_select.join(), 1);

    // To a later time: the old deadline wakes nobody for good.
    timer.reset(3ms);
    waiting = false;
    const auto begin = clock_type::now();
    auto later = weft::spawn([&] {
      waiting = true;
      return *timer.chan().recv();
    });
    yield_until(waiting);
    timer.reset(6ms);
    EXPECT_GE(later.join(), begin + 6ms);
  });
}

TEST_P(Timers, WhoWaitsForAStoppedTimerGoesOnWaiting) {
  run([] {
    weft::timer timer(2ms);
    auto waiter = weft::spawn([&] { return timer.chan().recv().has_value(); });
    auto in_select =
        weft::spawn([&] { return weft::select(weft::recv(timer.chan()), weft::timeout(10ms)); });
    const bool was_pending = timer.stop();
    const int chosen = in_select.join();
    if (was_pending) {
      EXPECT_EQ(chosen, 1);
    }
    timer.reset(0ms);
    waiter.join();
  });
}

TEST_P(Timers, OneTickGoesToOneOfThoseWhoWait) {
  run([] {
    weft::timer timer(2ms);
    std::atomic<int> ticks{0};
    std::vector<weft::task<void>> waiters;
    for (int i = 0; i < 5; ++i) {
      waiters.push_back(weft::spawn([&, i] {
        const bool got = i % 2 == 0
                             ? timer.chan().recv().has_value()
                             : weft::select(weft::recv(timer.chan()), weft::timeout(24h)) == 0;
        if (got) ++ticks;
      }));
    }
    yield_until([&] { return ticks == 1; });
    weft_test::settle();
    EXPECT_EQ(ticks, 1);
    for (int i = 2; i <= 5; ++i) {
      timer.reset(0ms);
      yield_until([&] { return ticks == i; });
    }
    for (auto& waiter : waiters) waiter.join();
  });
}

TEST_P(Timers, ATickIsReadyInASelectOfAnyForm) {
  run([] {
    weft::chan<int> other = weft::make_chan<int>();
    EXPECT_EQ(weft::select(weft::recv(weft::after(1h)), weft::otherwise()), 1);
    EXPECT_EQ(weft::select(weft::recv(weft::after(0s)), weft::otherwise()), 0);
    EXPECT_EQ(weft::select(weft::recv(other), weft::recv(weft::after(1ms))), 1);
    EXPECT_EQ(weft::select(weft::recv(weft::after(1h)), weft::timeout(1ms)), 1);
    // A ready case wins over a timeout that has passed.
    EXPECT_EQ(weft::select(weft::recv(weft::after(0s)), weft::timeout(0s)), 0);
    clock_type::time_point when;
    weft::select_set set;
    set.recv(other);
    set.recv(weft::after(1ms), when);
    EXPECT_EQ(set.wait(), 1);
    EXPECT_LE(when, clock_type::now());
  });
}

TEST_P(Timers, OtherCasesGoOnBesideATimer) {
  run([] {
    weft::chan<int> numbers = weft::make_chan<int>();
    weft::ticker tick(500us);
    auto sender = weft::spawn([&] {
      for (int i = 0; i < 300; ++i) {
        if (i % 50 == 0) weft::sleep_for(1ms);
        numbers.send(i);
      }
      numbers.close();
    });
    int sum = 0, ticks = 0;
    for (bool open = true; open;) {
      int v = 0;
      bool ok = false;
      switch (weft::select(weft::recv(numbers, v, ok), weft::recv(tick.chan()))) {
        case 0:
          sum += v;
          open = ok;
          break;
        default:
          ++ticks;
      }
    }
    EXPECT_EQ(sum, 299 * 300 / 2);
    EXPECT_GE(ticks, 1);
    sender.join();
  });
}

TEST_P(Timers, ATickerKeepsTheRhythmAndDropsTicksForASlowReader) {
  run([] {
    weft::ticker tick(1ms);
    const auto first = *tick.chan().recv();
    for (int i = 0; i < 5; ++i) {
      if (i == 2) let_pass(3500us);
      const auto when = *tick.chan().recv();
      EXPECT_EQ((when - first) % 1ms, 0ms);
      EXPECT_GT(when, first);
    }
    let_pass(3ms);
    EXPECT_TRUE(tick.chan().try_recv()) << "one of those that were missed";
    const auto now = clock_type::now();
    if (const auto another = tick.chan().try_recv()) {
      EXPECT_GE(*another, now - 1ms);
    }
    EXPECT_TRUE(tick.stop());
    EXPECT_FALSE(tick.stop());
    EXPECT_FALSE(tick.chan().recv_for(3ms));
    EXPECT_FALSE(tick.reset(1ms));
    EXPECT_TRUE(tick.chan().recv());
    EXPECT_TRUE(tick.chan().recv());
  });
}

TEST_P(Timers, ATickerCanBeRangedOver) {
  run([] {
    weft::ticker tick(200us);
    int n = 0;
    auto last = clock_type::time_point::min();
    for (auto when : tick.chan()) {
      EXPECT_GT(when, last);
      last = when;
      if (++n == 5) break;
    }
  });
}

TEST_P(Timers, ATickerOfZeroThrows) {
  run([] {
    EXPECT_THROW(weft::ticker(0s), weft::error);
    EXPECT_THROW(weft::ticker(-1s), weft::error);
    weft::ticker tick(1h);
    EXPECT_THROW(tick.reset(0s), weft::error);
    EXPECT_TRUE(tick.stop());
  });
}

TEST_P(Timers, AWaitForATickCanBeCancelled) {
  run([] {
    weft::timer timer(24h);
    std::atomic<int> started{0};
    auto plain = weft::spawn([&] {
      ++started;
      timer.chan().recv();
    });
    auto in_select = weft::spawn([&] {
      ++started;
      weft::select(weft::recv(timer.chan()), weft::recv(weft::chan<int>()));
    });
    yield_until([&] { return started == 2; });
    weft_test::settle();
    plain.cancel();
    in_select.cancel();
    EXPECT_THROW(plain.join(), weft::task_ended);
    EXPECT_THROW(in_select.join(), weft::task_ended);
  });
}

// The handle goes while somebody waits through a copy of nothing but the call's own reference.
TEST_P(Timers, AChannelOutlivesItsHandlesWhileSomebodyWaits) {
  run([] {
    for (int i = 0; i < 50; ++i) {
      auto timer = std::make_unique<weft::timer>(300us);
      std::atomic<bool> started{false};
      auto waiter = weft::spawn([&started, ch = timer->chan()] {
        started = true;
        return ch.recv().has_value();
      });
      yield_until(started);
      timer.reset();
      EXPECT_TRUE(waiter.join());
    }
  });
}

TEST_P(Timers, StopAndResetRaceWithReceivers) {
  run([] {
    weft::timer timer(1h);
    std::atomic<bool> done{false};
    std::atomic<int> taken{0};
    std::vector<weft::task<void>> receivers;
    for (int i = 0; i < 3; ++i) {
      receivers.push_back(weft::spawn([&, i] {
        while (!done) {
          const bool got = i == 0 ? timer.chan().recv_for(300us).has_value()
                           : i == 1
                               ? weft::select(weft::recv(timer.chan()), weft::timeout(200us)) == 0
                               : timer.chan().try_recv().has_value();
          if (got) ++taken;
          weft::this_task::yield();
        }
      }));
    }
    // Each arming ends once: as a tick that was taken, or as one that was taken back.
    int armed = 1, taken_back = 0;
    std::mt19937 random(3);
    for (int i = 0; i < 300; ++i) {
      if (random() % 3 == 0) {
        if (timer.stop()) ++taken_back;
        weft::this_task::yield();
        EXPECT_FALSE(timer.reset(std::chrono::microseconds(random() % 60)));
      } else if (timer.reset(std::chrono::microseconds(random() % 60))) {
        ++taken_back;
      }
      ++armed;
      if (random() % 2 == 0) weft::sleep_for(std::chrono::microseconds(random() % 50));
    }
    if (timer.stop()) ++taken_back;
    done = true;
    for (auto& receiver : receivers) receiver.join();
    EXPECT_EQ(taken + taken_back, armed);
  });
}

TEST_P(Timers, WorkFromForeignThreads) {
  EXPECT_TRUE(weft::after(1ms).recv()) << "without a runtime";
  EXPECT_EQ(weft::select(weft::recv(weft::after(1ms)), weft::timeout(24h)), 0);
  weft::timer timer(24h);
  std::thread thread([&] { EXPECT_TRUE(timer.chan().recv()); });
  run([&] {
    weft::sleep_for(1ms);
    timer.reset(1ms);
  });
  thread.join();
}

// --- after_func ---

TEST_P(Timers, AfterFuncCallsInATaskOfItsOwn) {
  run([] {
    const auto begin = clock_type::now();
    weft::chan<std::uint64_t> ids = weft::make_chan<std::uint64_t>();
    weft::after_func(2ms, [&, keep = std::make_unique<int>(1)] {
      EXPECT_GE(clock_type::now(), begin + 2ms);
      ids.send(weft::this_task::id());
    });
    const auto id = ids.recv();
    EXPECT_NE(*id, weft::this_task::id());
    EXPECT_NE(*id, 0u);
  });
}

TEST_P(Timers, AfterFuncStopAndReset) {
  run([] {
    std::atomic<int> calls{0};
    auto timer = weft::after_func(24h, [&] { ++calls; });
    EXPECT_FALSE(timer.chan());
    EXPECT_TRUE(timer.stop());
    EXPECT_FALSE(timer.stop());
    EXPECT_FALSE(timer.reset(24h));
    EXPECT_TRUE(timer.reset(0s));
    yield_until([&] { return calls == 1; });
    EXPECT_FALSE(timer.stop()) << "it has been called";
    EXPECT_FALSE(timer.reset(1ms));
    yield_until([&] { return calls == 2; });
  });
}

TEST_P(Timers, ManyAfterFuncsEachCalledOnceOrStopped) {
  run([] {
    std::atomic<int> calls{0};
    int stopped = 0;
    constexpr int n = 500;
    std::vector<weft::timer> timers;
    std::mt19937 random(9);
    for (int i = 0; i < n; ++i)
      timers.push_back(
          weft::after_func(std::chrono::microseconds(random() % 3000), [&] { ++calls; }));
    for (int i = 0; i < n; i += 3) {
      if (timers[static_cast<std::size_t>(i)].stop()) ++stopped;
      if (i % 30 == 0) weft::sleep_for(50us);
    }
    timers.clear();  // stops nothing
    yield_until([&] { return calls + stopped == n; });
    weft_test::settle();
    EXPECT_EQ(calls + stopped, n);
  });
}

struct noisy {
  std::shared_ptr<int> alive;
  std::atomic<int>* calls;
  void operator()() const { ++*calls; }
};

TEST_P(Timers, WhatIsPendingAtTheEndIsDropped) {
  std::atomic<int> calls{0};
  auto alive = std::make_shared<int>();
  for (int round = 0; round < 3; ++round) {
    run([&] {
      for (int i = 0; i < 10; ++i) weft::after_func(24h, noisy{alive, &calls});
      weft::after_func(0s, [] {});
    });
    EXPECT_EQ(alive.use_count(), 1) << "closures are gone with the run";
  }
  EXPECT_EQ(calls, 0);
  EXPECT_THROW(weft::after_func(0s, noisy{alive, &calls}), weft::error) << "needs a runtime";
  EXPECT_EQ(alive.use_count(), 1);
}

// --- times that the clock does not go to ---

TEST_P(Timers, ATimerOfAnyLengthIsPendingUntilItIsStopped) {
  run([] {
    weft::timer timer(std::chrono::hours::max());
    EXPECT_FALSE(timer.chan().try_recv());
    EXPECT_TRUE(timer.reset(std::chrono::hours::max()));
    EXPECT_TRUE(timer.stop());
    EXPECT_FALSE(timer.stop());
    EXPECT_FALSE(timer.reset(1ms));
    EXPECT_TRUE(timer.chan().recv());
    weft::ticker tick(std::chrono::nanoseconds::max());
    EXPECT_TRUE(tick.reset(std::chrono::hours::max()));
    EXPECT_TRUE(tick.stop());
    auto call = weft::after_func(1h, [] {});
    EXPECT_TRUE(call.reset(std::chrono::hours::max()));
    EXPECT_TRUE(call.stop());
    EXPECT_FALSE(call.stop());
  });
}

TEST_P(Timers, DeadlinesOfAnyClockAreFarAwayOrOver) {
  using std::chrono::system_clock;
  using std::chrono::time_point;
  run([] {
    auto ch = weft::make_chan<int>();
    auto filled = weft::make_chan<int>(1);
    // Over: none of these waits.
    EXPECT_FALSE(ch.recv_until(system_clock::time_point::min()));
    weft::sleep_until(system_clock::time_point::min());
    EXPECT_EQ(weft::select(weft::recv(ch), weft::until(system_clock::time_point::min())), 1);
    EXPECT_FALSE(ch.recv_until(time_point<system_clock, std::chrono::hours>::min()));
    EXPECT_FALSE(ch.recv_until(clock_type::time_point::min()));
    // Far away: each of these ends because something else happens.
    const auto waits = [&](auto wait) {
      auto waiting = weft::spawn(wait);
      weft_test::settle();
      filled.send(1);
      EXPECT_TRUE(waiting.join());
    };
    waits([&] {
      return filled.recv_until(time_point<system_clock, std::chrono::seconds>::max()).has_value();
    });
    waits([&] {
      return filled.recv_until(time_point<system_clock, std::chrono::hours>::max()).has_value();
    });
    waits([&] { return filled.recv_until(system_clock::time_point::max()).has_value(); });
    waits([&] {
      return filled.recv_for(std::chrono::duration<std::uint64_t, std::nano>::max()).has_value();
    });
    waits([&] {
      using binary = std::chrono::duration<std::int64_t, std::ratio<1, 1024>>;
      return filled.recv_for(binary(9'000'000'000'000)).has_value();
    });
  });
}

TEST_P(Timers, ADeadlineThatIsLongOverIsACancellationPointToo) {
  run([] {
    auto ch = weft::make_chan<int>();
    auto t = weft::spawn([&] {
      try {
        for (;;) weft::sleep_for(1h);
      } catch (const weft::task_cancelled&) {
      }
      EXPECT_THROW(ch.recv_until(clock_type::time_point::min()), weft::task_cancelled);
      EXPECT_THROW(ch.send_until(1, clock_type::time_point::min()), weft::task_cancelled);
      return true;
    });
    t.cancel();
    EXPECT_TRUE(t.join());
  });
}

// --- who gets the ticks ---

using ticks = weft::recv_chan<clock_type::time_point>;

std::uint32_t receivers_of(const ticks& ch) {
  return weft::rt::describe_chan(weft::detail::chan_access::head(ch)).waiting_receivers;
}

TEST_P(Timers, TicksGoToWhoWaitsLongestInWhateverCall) {
  run([] {
    weft::ticker tick(1h);
    auto never = weft::make_chan<int>();
    const auto wait_in = [&](int how) -> clock_type::time_point {
      clock_type::time_point when;
      switch (how % 4) {
        case 0: return *tick.chan().recv();
        case 1: EXPECT_EQ(weft::select(weft::recv(never), weft::recv(tick.chan(), when)), 1); break;
        case 2: return *tick.chan().recv_for(1h);
        case 3:
          EXPECT_EQ(weft::select(weft::recv(tick.chan(), when), weft::timeout(1h)), 0);
          break;
      }
      return when;
    };
    std::vector<weft::task<clock_type::time_point>> waiting;
    std::vector<clock_type::time_point> by_thread(2);
    std::vector<std::thread> threads;
    std::uint32_t so_far = 0;
    const auto let_it_wait = [&] {
      ++so_far;
      yield_until([&] { return receivers_of(tick.chan()) == so_far; });
    };
    for (int i = 0; i < 8; ++i) {
      waiting.push_back(weft::spawn([&, i] { return wait_in(i); }));
      let_it_wait();
    }
    for (int i = 0; i < 2; ++i) {
      threads.emplace_back([&, i] { by_thread[static_cast<std::size_t>(i)] = wait_in(i); });
      let_it_wait();
    }
    EXPECT_TRUE(tick.reset(200us));
    std::vector<clock_type::time_point> got;
    for (auto& w : waiting) got.push_back(w.join());
    weft::blocking([&] {
      for (auto& t : threads) t.join();
    });
    got.insert(got.end(), by_thread.begin(), by_thread.end());
    for (std::size_t i = 1; i < got.size(); ++i) EXPECT_LT(got[i - 1], got[i]) << i;
  });
}

TEST_P(Timers, NobodyTakesATickThatSomebodyWaitsFor) {
  run([] {
    weft::timer timer(1h);
    auto waiting = weft::spawn([&] { return timer.chan().recv().has_value(); });
    yield_until([&] { return receivers_of(timer.chan()) == 1; });
    timer.reset(0s);
    EXPECT_FALSE(timer.chan().try_recv());
    EXPECT_EQ(weft::select(weft::recv(timer.chan()), weft::otherwise()), 1);
    EXPECT_TRUE(waiting.join());
  });
}

TEST_P(Timers, WhoStopsWaitingLeavesTheTickToTheNext) {
  run([] {
    for (int how = 0; how < 4; ++how) {
      weft::timer timer(1h);
      auto instead = weft::make_chan<int>();
      std::atomic<bool> first_has_left{false};  // its time may be over before we look
      auto first = weft::spawn([&] {
        switch (how) {
          case 0: timer.chan().recv_for(2ms); break;
          case 1: timer.chan().recv(); break;
          default: weft::select(weft::recv(instead), weft::recv(timer.chan())); break;
        }
        first_has_left = true;
      });
      const auto wait_for = [&](std::uint32_t count) {
        yield_until([&] { return receivers_of(timer.chan()) + (first_has_left ? 1 : 0) >= count; });
      };
      wait_for(1);
      auto second = weft::spawn([&] { return timer.chan().recv().has_value(); });
      wait_for(2);
      auto third = weft::spawn([&] {
        return weft::select(weft::recv(timer.chan()), weft::recv(instead));
      });
      wait_for(3);
      if (how == 1 || how == 2) first.cancel();
      if (how == 3) instead.send(1);
      if (how == 1 || how == 2)
        EXPECT_THROW(first.join(), weft::task_ended);
      else
        first.join();
      timer.reset(1ms);
      EXPECT_TRUE(second.join());
      timer.reset(1ms);
      EXPECT_EQ(third.join(), 0);
    }
  });
}

TEST_P(Timers, ASelectThatLooksAtATimerKeepsItsPlaceInTheOtherQueues) {
  run([] {
    for (int sent_at_once = 0; sent_at_once < 2; ++sent_at_once) {
      weft::timer timer(30min);
      auto ch = weft::make_chan<int>();
      const auto wait_for = [](auto& channel, std::uint32_t count) {
        yield_until([&] {
          return weft::rt::describe_chan(weft::detail::chan_access::head(channel)).waiting_receivers ==
                 count;
        });
      };
      int in_select = 0;
      auto first = weft::spawn([&] {
        EXPECT_EQ(weft::select(weft::recv(ch, in_select), weft::recv(timer.chan())), 0);
      });
      wait_for(ch, 1);
      auto second = weft::spawn([&] { return ch.recv().value_or(0); });
      wait_for(ch, 2);
      timer.reset(1h);
      if (sent_at_once == 0) weft_test::settle();
      ch.send(1);
      ch.send(2);
      first.join();
      EXPECT_EQ(in_select, 1);
      EXPECT_EQ(second.join(), 2);
    }
  });
}

TEST_P(Timers, TicksAreNeitherLostNorDoubledAmongMany) {
  run([] {
    weft::ticker tick(100us);
    auto stop = weft::make_chan<void>();
    std::atomic<int> left{200};
    std::mutex mutex;
    std::vector<clock_type::time_point> got;
    std::vector<weft::task<void>> tasks;
    for (int t = 0; t < 6; ++t) {
      tasks.push_back(weft::spawn([&, t] {
        for (clock_type::time_point when; left > 0;) {
          int chosen = 0;
          if (t % 3 == 0)
            chosen = weft::select(weft::recv(tick.chan(), when), weft::recv(stop),
                                  weft::timeout(150us));
          else if (t % 3 == 1)
            chosen = weft::select(weft::recv(stop), weft::recv(tick.chan(), when)) == 0 ? 1 : 0;
          else if (const auto v = tick.chan().recv_for(120us))
            when = *v;
          else
            chosen = 2;
          if (chosen == 1) return;
          if (chosen == 2) continue;
          {
            const std::lock_guard guard(mutex);
            got.push_back(when);
          }
          if (--left == 0) stop.close();
        }
      }));
    }
    for (int i = 0; i < 20; ++i) {
      weft::sleep_for(1ms);
      tick.reset(100us);
    }
    for (auto& t : tasks) t.join();
    std::sort(got.begin(), got.end());
    EXPECT_EQ(std::adjacent_find(got.begin(), got.end()), got.end());
    EXPECT_GE(got.size(), 200u);
  });
}

// --- deadlock ---

TEST(timer_deadlock, a_timer_that_nobody_waits_for_hides_no_deadlock) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(weft::run([] {
                weft::timer timer(24h);
                weft::ticker tick(1ms);
                auto dropped = weft::after(24h);
                weft::make_chan<int>().recv();
              }),
              testing::ExitedWithCode(2), "all tasks are asleep");
}

TEST(timer_deadlock, a_stopped_timer_and_a_stopped_call_hide_no_deadlock) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(weft::run([] {
                weft::timer timer(24h);
                auto call = weft::after_func(24h, [] {});
                weft::go([&] { timer.chan().recv(); });
                weft::sleep_for(1ms);
                call.stop();
                timer.stop();
                weft::make_chan<int>().recv();
              }),
              testing::ExitedWithCode(2), "all tasks are asleep");
}

TEST(timer_deadlock, a_timer_somebody_waits_for_and_a_pending_call_prevent_it) {
  weft::run([] {
    weft::chan<int> never = weft::make_chan<int>();
    EXPECT_EQ(weft::select(weft::recv(never), weft::recv(weft::after(30ms))), 1);
    weft::after_func(30ms, [&] { never.send(1); });
    EXPECT_EQ(never.recv(), 1);
  });
}

}  // namespace
