// SEMANTICS, "Cancellation" and "every blocking call takes a context": for each kind of wait, its end
// by a context, a deadline, a cancelled task, and the race of each with success.
#include <atomic>
#include <chrono>
#include <exception>
#include <thread>

#include "tests/support/run.hpp"
#include "tests/support/waits.hpp"

namespace {

using namespace std::chrono_literals;
using weft_test::scene;
using weft_test::settle;
using weft_test::yield_until;

class Cancellation : public ::testing::TestWithParam<std::tuple<weft_test::wait_kind, unsigned>> {
 protected:
  std::unique_ptr<scene> make() const { return std::get<0>(GetParam()).make(); }
  template <class F>
  void run(F&& f) {
    weft_test::run(std::get<1>(GetParam()), std::forward<F>(f));
  }
};

INSTANTIATE_TEST_SUITE_P(
    Kinds, Cancellation,
    ::testing::Combine(::testing::ValuesIn(weft_test::wait_kinds()), ::testing::Values(1u, 8u)),
    [](const auto& tested) {
      return std::get<0>(tested.param).name + "_" + std::to_string(std::get<1>(tested.param));
    });

enum class how { succeeded, cancelled, expired, task_cancelled };

template <class Wait>
how outcome(Wait&& wait) {
  try {
    wait();
    return how::succeeded;
  } catch (const weft::cancelled& e) {
    EXPECT_EQ(e.code(), std::errc::operation_canceled);
    return how::cancelled;
  } catch (const weft::deadline_exceeded& e) {
    EXPECT_EQ(e.code(), std::errc::timed_out);
    return how::expired;
  } catch (const weft::task_cancelled&) {
    return how::task_cancelled;
  }
}

TEST_P(Cancellation, AContextEndsTheWait) {
  run([&] {
    auto s = make();
    auto [ctx, cancel] = weft::with_cancel(weft::context());
    std::atomic<bool> began{false};
    auto waiter = weft::spawn([&, ctx = ctx] {
      began = true;
      return outcome([&] { s->wait(ctx); });
    });
    yield_until(began);
    settle();
    cancel();
    EXPECT_EQ(waiter.join(), how::cancelled);
    s->succeed();
    s->check(false);
  });
}

TEST_P(Cancellation, ADeadlineOfAContextEndsTheWait) {
  run([&] {
    auto s = make();
    auto [ctx, cancel] = weft::with_timeout(weft::context(), 2ms);
    auto below = weft::with_value<int>(ctx, 1);
    EXPECT_EQ(outcome([&] { s->wait(below); }), how::expired);
    s->succeed();
    s->check(false);
  });
}

TEST_P(Cancellation, AnEndedContextEndsItBeforeItHasAnyEffect) {
  run([&] {
    auto s = make();
    auto [ctx, cancel] = weft::with_cancel(weft::context());
    cancel();
    EXPECT_EQ(outcome([&, ctx = ctx] { s->wait(ctx); }), how::cancelled);
    auto [past, c2] = weft::with_timeout(weft::context(), 0s);
    EXPECT_EQ(outcome([&, past = past] { s->wait(past); }), how::expired);
    s->succeed();
    s->check(false);
  });
}

TEST_P(Cancellation, AContextThatDoesNotEndChangesNothing) {
  run([&] {
    auto s = make();
    auto [ctx, cancel] = weft::with_timeout(weft::context(), 1h);
    auto waiter = weft::spawn([&, ctx = ctx] { return outcome([&] { s->wait(ctx); }); });
    settle();
    auto helper = weft::spawn([&] { s->succeed(); });
    const how ended = waiter.join();
    helper.join();
    EXPECT_EQ(ended, how::succeeded);
    s->check(true);
  });
}

TEST_P(Cancellation, TheEndOfAContextRacesWithSuccess) {
  run([&] {
    const int rounds = weft_test::under_tsan ? 40 : 120;
    for (int i = 0; i < rounds; ++i) {
      auto s = make();
      auto [ctx, cancel] =
          i % 3 == 0 ? weft::with_timeout(weft::context(), std::chrono::microseconds(i * 10))
                     : weft::with_cancel(weft::context());
      auto waiter = weft::spawn([&, ctx = ctx] { return outcome([&] { s->wait(ctx); }); });
      auto canceller = weft::spawn([&, cancel = cancel] {
        for (int n = i % 5; n > 0; --n) weft::this_task::yield();
        if (i % 3 != 0) cancel();
      });
      for (int n = i % 4; n > 0; --n) weft::this_task::yield();
      s->succeed();
      canceller.join();
      s->check(waiter.join() == how::succeeded);
    }
  });
}

TEST_P(Cancellation, ACancelledTaskSeesItAtItsWait) {
  run([&] {
    auto s = make();
    std::atomic<bool> began{false};
    std::atomic<how> ended{how::succeeded};
    auto waiter = weft::spawn([&] {
      began = true;
      ended = outcome([&] { s->wait(); });
    });
    yield_until(began);
    settle();
    waiter.cancel();
    waiter.join();
    EXPECT_EQ(ended, how::task_cancelled);
    s->succeed();
    s->check(false);
  });
}

TEST_P(Cancellation, EachLaterWaitThrowsToo) {
  run([&] {
    auto s = make();
    auto waiter = weft::spawn([&] {
      while (!weft::this_task::cancelled()) std::this_thread::yield();
      for (int i = 0; i < 3; ++i) EXPECT_EQ(outcome([&] { s->wait(); }), how::task_cancelled);
      EXPECT_EQ(outcome([&] { s->wait(weft::context()); }), how::task_cancelled);
    });
    std::thread canceller([&] { waiter.cancel(); });
    weft::blocking([&] { canceller.join(); });
    waiter.join();
    s->succeed();
    s->check(false);
  });
}

TEST_P(Cancellation, CancellingTheTaskRacesWithSuccess) {
  run([&] {
    const int rounds = weft_test::under_tsan ? 40 : 120;
    for (int i = 0; i < rounds; ++i) {
      auto s = make();
      auto [ctx, cancel] = weft::with_timeout(weft::context(), 1h);
      std::atomic<how> ended{how::task_cancelled};
      auto waiter = weft::spawn([&, ctx = ctx] {
        ended = outcome([&] { i % 2 == 0 ? s->wait() : s->wait(ctx); });
      });
      auto canceller = weft::spawn([&] {
        for (int n = i % 5; n > 0; --n) weft::this_task::yield();
        waiter.cancel();
      });
      for (int n = i % 4; n > 0; --n) weft::this_task::yield();
      s->succeed();
      canceller.join();
      waiter.join();
      s->check(ended == how::succeeded);
    }
  });
}

// While a task unwinds its calls wait normally.
TEST_P(Cancellation, ASecondWaitDuringUnwindingWaitsNormally) {
  run([&] {
    auto first = make();
    auto second = make();
    std::atomic<bool> began{false}, unwinding{false};
    std::atomic<how> ended{how::task_cancelled};
    struct at_end {
      scene& s;
      std::atomic<bool>& unwinding;
      std::atomic<how>& ended;
      ~at_end() {
        unwinding = true;
        ended = outcome([&] { s.wait(); });
      }
    };
    auto waiter = weft::spawn([&] {
      const at_end cleanup{*second, unwinding, ended};
      began = true;
      first->wait();
    });
    yield_until(began);
    settle();
    waiter.cancel();
    yield_until(unwinding);
    settle();
    second->succeed();
    EXPECT_THROW(waiter.join(), weft::task_ended);
    EXPECT_EQ(ended, how::succeeded);
    second->check(true);
    first->succeed();
    first->check(false);
  });
}

TEST_P(Cancellation, AForeignThreadWaitsUnderAContextToo) {
  run([&] {
    for (int i = 0; i < 6; ++i) {
      auto s = make();
      auto [ctx, cancel] = i % 2 == 0 ? weft::with_cancel(weft::context())
                                      : weft::with_timeout(weft::context(), 1ms);
      std::atomic<how> ended{how::succeeded};
      std::thread waiter([&, ctx = ctx] { ended = outcome([&] { s->wait(ctx); }); });
      if (i % 4 == 0) weft::sleep_for(1ms);
      if (i % 2 == 0) cancel();
      weft::blocking([&] { waiter.join(); });
      EXPECT_EQ(ended, i % 2 == 0 ? how::cancelled : how::expired);
      s->succeed();
      s->check(false);
    }
  });
}

// ---- what is no kind of a scene ---------------------------------------------------------------------

TEST(CancellationOf, Sleep) {
  weft_test::run(2, [] {
    auto [ctx, cancel] = weft::with_cancel(weft::context());
    auto sleeper = weft::spawn([ctx = ctx] { return outcome([&] { weft::sleep_for(1h, ctx); }); });
    settle();
    cancel();
    EXPECT_EQ(sleeper.join(), how::cancelled);
    auto [timed, c2] = weft::with_timeout(weft::context(), 1ms);
    EXPECT_EQ(outcome([&, timed = timed] { weft::sleep_for(1h, timed); }), how::expired);
    weft::sleep_for(1us, weft::with_timeout(weft::context(), 1h).ctx);
  });
}

TEST(CancellationOf, TimedFormsTellTheirOwnTimeFromTheContexts) {
  weft_test::run(2, [] {
    auto ch = weft::make_chan<int>();
    auto [ctx, cancel] = weft::with_timeout(weft::context(), 1h);
    EXPECT_FALSE(ch.recv_for(1ms, ctx));
    EXPECT_FALSE(ch.send_for(1, 1ms, ctx));
    weft::semaphore s(0);
    EXPECT_FALSE(s.try_acquire_for(1ms, 1, ctx));
    auto [shorter, c2] = weft::with_timeout(weft::context(), 1ms);
    EXPECT_THROW(static_cast<void>(ch.recv_for(1h, shorter)), weft::deadline_exceeded);
    EXPECT_THROW(static_cast<void>(s.try_acquire_for(1h, 1, shorter)), weft::deadline_exceeded);
  });
}

TEST(CancellationOf, NilChannelsAndTimers) {
  weft_test::run(2, [] {
    auto [ctx, cancel] = weft::with_timeout(weft::context(), 1ms);
    weft::chan<int> nil;
    EXPECT_THROW(nil.recv(ctx), weft::deadline_exceeded);
    auto [other, c2] = weft::with_timeout(weft::context(), 1ms);
    EXPECT_THROW(nil.send(1, other), weft::deadline_exceeded);
    auto [third, c3] = weft::with_timeout(weft::context(), 1ms);
    EXPECT_THROW(weft::after(1h).recv(third), weft::deadline_exceeded);
    EXPECT_TRUE(weft::after(1us).recv(weft::with_timeout(weft::context(), 1h).ctx));
  });
}

TEST(CancellationOf, NetCallsWithAnErrorCodeTellItThere) {
  weft_test::run(2, [] {
    auto l = weft::net::listen("tcp", "127.0.0.1:0");
    auto [ctx, cancel] = weft::with_timeout(weft::context(), 1ms);
    std::error_code error;
    EXPECT_FALSE(l.accept(error, ctx).is_open());
    EXPECT_EQ(error, ctx.err());
    auto [gone, c2] = weft::with_cancel(weft::context());
    c2();
    EXPECT_THROW(weft::net::dial("tcp", l.local_address().to_string(), gone), weft::cancelled);
    weft::net::dial("tcp", l.local_address().to_string(), error, gone);
    EXPECT_EQ(error, std::errc::operation_canceled);
    EXPECT_THROW(weft::net::serve(l, [](weft::net::conn) {}, gone), weft::cancelled);
  });
}

TEST(CancellationOf, APlainThreadWithoutARuntime) {
  auto ch = weft::make_chan<int>();
  auto [ctx, cancel] = weft::with_cancel(weft::context());
  std::thread other([cancel = cancel] { cancel(); });
  EXPECT_THROW(ch.recv(ctx), weft::cancelled);
  other.join();
  EXPECT_THROW(ch.send(1, weft::with_timeout(weft::context(), 1ms).ctx), weft::deadline_exceeded);
}

// A deadline that nobody waits for wakes nobody; one that somebody waits for is a waker.
TEST(CancellationOf, ADeadlineThatWillWakeSomebodyIsNoDeadlock) {
  weft_test::run(2, [] {
    auto [ctx, cancel] = weft::with_timeout(weft::context(), 20ms);
    auto ch = weft::make_chan<int>();
    EXPECT_EQ(weft::select(weft::recv(ch), weft::done(ctx)), 1);
    weft::group g(weft::with_timeout(weft::context(), 20ms).ctx);
    g.go([&] { ch.recv(); });
    EXPECT_THROW(g.wait(), weft::deadline_exceeded);
  });
}

TEST(CancellationOf, ADeadlineThatCanWakeNobodyHidesNoDeadlock) {
  weft::options options = weft_test::workers(2);
  options.on_deadlock = weft::deadlock_action::unwind;
  options.foreign_threads = weft::never_wake;
  bool unwound = false;
  weft::run(options, [&] {
    auto [ctx, cancel] = weft::with_timeout(weft::context(), 1h);
    auto done = ctx.done();
    weft::group g(ctx);
    g.go([] {});
    g.wait();
    auto stop = ctx.after_func([] {});
    EXPECT_TRUE(stop());
    auto never = weft::make_chan<int>();
    try {
      never.recv();
    } catch (const weft::deadlocked&) {
      unwound = true;
    }
  });
  EXPECT_TRUE(unwound);
}

}  // namespace
