// SEMANTICS, "Sync, time, context": the tree of contexts, what they say, what they carry; waits under
// a context are in cancellation_test.cpp.
#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <weft/stop_token.hpp>

#include "tests/support/run.hpp"

namespace {

using namespace std::chrono_literals;
using weft_test::on_workers;
using weft_test::settle;
using weft_test::yield_until;

template <class E>
bool holds(const std::exception_ptr& p) {
  if (!p) return false;
  try {
    std::rethrow_exception(p);
  } catch (const E&) {
    return true;
  } catch (...) {
    return false;
  }
}

class Context : public on_workers {};
WEFT_ON_WORKERS(Context);

// ---- what it says ----------------------------------------------------------------------------------

TEST(ContextAlone, TheBackgroundNeverEndsAndCarriesNothing) {
  const weft::context ctx = weft::context::background();
  EXPECT_FALSE(ctx.err());
  EXPECT_EQ(ctx.cause(), nullptr);
  EXPECT_FALSE(ctx.deadline());
  EXPECT_FALSE(ctx.done());  // nil
  EXPECT_EQ(ctx.value<int>(), nullptr);
  EXPECT_EQ(ctx, weft::context());
}

TEST(ContextAlone, SaysHowItEnded) {
  auto [ctx, cancel] = weft::with_cancel(weft::context::background());
  EXPECT_FALSE(ctx.err());
  EXPECT_EQ(ctx.cause(), nullptr);
  cancel();
  EXPECT_EQ(ctx.err(), std::errc::operation_canceled);
  EXPECT_TRUE(holds<weft::cancelled>(ctx.cause()));
  auto [timed, ignored] = weft::with_timeout(weft::context(), 0s);
  EXPECT_EQ(timed.err(), std::errc::timed_out);
  EXPECT_TRUE(holds<weft::deadline_exceeded>(timed.cause()));
}

TEST(ContextAlone, TheErrorsAreSystemErrorsWithTheContextsCode) {
  auto [ctx, cancel] = weft::with_cancel(weft::context());
  cancel();
  try {
    std::rethrow_exception(ctx.cause());
  } catch (const std::system_error& e) {
    EXPECT_EQ(e.code(), ctx.err());
  }
}

TEST(ContextAlone, TheFirstCancelCountsWithItsCause) {
  auto [ctx, cancel] = weft::with_cancel(weft::context());
  cancel(std::make_exception_ptr(std::string("first")));
  cancel(std::make_exception_ptr(7));
  cancel();
  EXPECT_TRUE(holds<std::string>(ctx.cause()));
  EXPECT_EQ(ctx.err(), std::errc::operation_canceled);
}

TEST(ContextAlone, ChildrenEndWithTheParentsCause) {
  auto [parent, cancel] = weft::with_cancel(weft::context());
  auto [child, ignored] = weft::with_cancel(parent);
  auto grandchild = weft::with_value<int>(child, 1);
  cancel(std::make_exception_ptr(7));
  EXPECT_TRUE(child.err());
  EXPECT_TRUE(holds<int>(child.cause()));
  EXPECT_TRUE(holds<int>(grandchild.cause()));
}

TEST(ContextAlone, AChildsEndLeavesTheParentAlone) {
  auto [parent, ignored] = weft::with_cancel(weft::context());
  auto [child, cancel] = weft::with_cancel(parent);
  auto [sibling, ignored2] = weft::with_cancel(parent);
  cancel();
  EXPECT_TRUE(child.err());
  EXPECT_FALSE(parent.err());
  EXPECT_FALSE(sibling.err());
}

TEST(ContextAlone, AChildOfAnEndedContextIsBornEnded) {
  auto [parent, cancel] = weft::with_cancel(weft::context());
  cancel(std::make_exception_ptr(7));
  auto [child, ignored] = weft::with_timeout(parent, 1h);
  EXPECT_EQ(child.err(), std::errc::operation_canceled);
  EXPECT_TRUE(holds<int>(child.cause()));
}

TEST(ContextAlone, TheEarlierDeadlineCounts) {
  const auto now = std::chrono::steady_clock::now();
  auto [parent, c1] = weft::with_deadline(weft::context(), now + 1h);
  auto [later, c2] = weft::with_deadline(parent, now + 2h);
  auto [earlier, c3] = weft::with_deadline(parent, now + 1min);
  auto [plain, c4] = weft::with_cancel(parent);
  EXPECT_EQ(later.deadline(), now + 1h);
  EXPECT_EQ(earlier.deadline(), now + 1min);
  EXPECT_EQ(plain.deadline(), now + 1h);
  EXPECT_FALSE(weft::with_cancel(weft::context()).ctx.deadline());
}

TEST(ContextAlone, CancelAfterTheDeadlineIsTooLate) {
  auto [ctx, cancel] = weft::with_timeout(weft::context(), -1s);
  cancel(std::make_exception_ptr(7));
  EXPECT_EQ(ctx.err(), std::errc::timed_out);
  EXPECT_TRUE(holds<weft::deadline_exceeded>(ctx.cause()));
}

TEST(ContextAlone, ChildrenOfAParentWhoseTimeHasComeHaveEnded) {
  auto [parent, c1] = weft::with_timeout(weft::context(), 0s);
  auto [child, c2] = weft::with_cancel(parent);
  EXPECT_EQ(child.err(), std::errc::timed_out);
}

TEST(ContextAlone, ItIsCheapToCopyAndCopiesAreTheSame) {
  auto [ctx, cancel] = weft::with_cancel(weft::context());
  const weft::context copy = ctx;
  weft::context moved = std::move(ctx);
  static_assert(sizeof(weft::context) == sizeof(void*));
  EXPECT_EQ(copy, moved);
  const auto again = cancel;
  again();
  EXPECT_TRUE(copy.err());
  EXPECT_TRUE(moved.err());
}

// ---- values ----------------------------------------------------------------------------------------

struct request_id {
  using value_type = int;
};
struct user {
  using value_type = std::string;
};

TEST(ContextAlone, CarriesValuesDownTheTree) {
  auto a = weft::with_value<request_id>(weft::context(), 7);
  auto [b, cancel] = weft::with_cancel(a);
  auto c = weft::with_value<user>(b, "weaver");
  auto d = weft::with_value<request_id>(c, 8);
  EXPECT_EQ(*a.value<request_id>(), 7);
  EXPECT_EQ(a.value<user>(), nullptr);
  EXPECT_EQ(*b.value<request_id>(), 7);
  EXPECT_EQ(*d.value<request_id>(), 8);
  EXPECT_EQ(*d.value<user>(), "weaver");
  cancel();
  EXPECT_EQ(*d.value<user>(), "weaver");
}

TEST(ContextAlone, ATypeMayBeItsOwnKey) {
  auto a = weft::with_value(weft::context(), std::string("text"));
  auto b = weft::with_value<double>(a, 1);
  auto c = weft::with_value(b, std::make_unique<int>(3));
  EXPECT_EQ(*c.value<std::string>(), "text");
  EXPECT_EQ(*c.value<double>(), 1.0);
  EXPECT_EQ(**c.value<std::unique_ptr<int>>(), 3);
}

TEST(ContextAlone, WithoutCancelKeepsTheValuesOnly) {
  auto [parent, cancel] = weft::with_timeout(weft::context(), 1h);
  auto valued = weft::with_value<request_id>(parent, 7);
  auto free = weft::without_cancel(valued);
  auto [below, cancel_below] = weft::with_cancel(free);
  cancel();
  EXPECT_TRUE(valued.err());
  EXPECT_FALSE(free.err());
  EXPECT_FALSE(free.deadline());
  EXPECT_FALSE(below.err());
  EXPECT_EQ(*below.value<request_id>(), 7);
  cancel_below();
  EXPECT_TRUE(below.err());
  EXPECT_FALSE(free.err());
}

TEST(ContextAlone, ValuesAreDestroyedWithTheLastContextThatCarriesThem) {
  auto watched = std::make_shared<int>(1);
  {
    auto a = weft::with_value(weft::context(), watched);
    auto [b, cancel] = weft::with_cancel(a);
    a = {};
    EXPECT_EQ(watched.use_count(), 2);
  }
  EXPECT_EQ(watched.use_count(), 1);
}

// ---- done ------------------------------------------------------------------------------------------

TEST_P(Context, DoneIsClosedWhenItEnds) {
  run([] {
    auto [ctx, cancel] = weft::with_cancel(weft::context());
    auto done = ctx.done();
    EXPECT_EQ(done, ctx.done());
    EXPECT_EQ(weft::select(weft::recv(done), weft::otherwise()), 1);
    std::atomic<int> woken{0};
    weft::wait_group all;
    for (int i = 0; i < 20; ++i)
      all.go([&, ctx = ctx] {
        EXPECT_FALSE(ctx.done().recv());
        ++woken;
      });
    settle();
    EXPECT_EQ(woken, 0);
    cancel();
    all.wait();
    EXPECT_EQ(woken, 20);
    EXPECT_FALSE(done.recv());
    EXPECT_EQ(weft::select(weft::done(ctx), weft::otherwise()), 0);
  });
}

TEST_P(Context, DoneIsClosedAtTheDeadline) {
  run([] {
    auto [ctx, cancel] = weft::with_timeout(weft::context(), 5ms);
    auto below = weft::with_value<int>(ctx, 1);
    EXPECT_FALSE(below.done().recv());
    EXPECT_EQ(below.err(), std::errc::timed_out);
    EXPECT_EQ(ctx.err(), std::errc::timed_out);
    auto [past, c2] = weft::with_timeout(weft::context(), 0s);
    EXPECT_FALSE(past.done().recv());
    EXPECT_EQ(weft::select(weft::done(past), weft::otherwise()), 0);
  });
}

TEST_P(Context, DoneOfOneWithADeadlineIsClosedByCancelToo) {
  run([] {
    auto [ctx, cancel] = weft::with_timeout(weft::context(), 1h);
    std::atomic<bool> began{false};
    auto t = weft::spawn([&, ctx = ctx] {
      began = true;
      EXPECT_FALSE(ctx.done().recv());
    });
    auto s = weft::spawn([&, ctx = ctx] {
      auto never = weft::make_chan<int>();
      EXPECT_EQ(weft::select(weft::recv(never), weft::done(ctx)), 1);
    });
    yield_until(began);
    settle();
    cancel();
    t.join();
    s.join();
    EXPECT_FALSE(ctx.done().recv());
  });
}

TEST_P(Context, DoneStandsInASelectAndInASet) {
  run([] {
    auto [ctx, cancel] = weft::with_cancel(weft::context());
    auto never = weft::make_chan<int>();
    EXPECT_EQ(weft::select(weft::done(ctx), weft::recv(never), weft::timeout(1ms)), 2);
    EXPECT_EQ(weft::select(weft::done(weft::context()), weft::timeout(1ms)), 1);
    weft::select_set set;
    int called = 0;
    set.recv(never);
    set.add(weft::done(ctx, [&] { ++called; }));
    auto t = weft::spawn([cancel = cancel] { cancel(); });
    EXPECT_EQ(set.wait(), 1);
    EXPECT_EQ(called, 1);
    auto [timed, c2] = weft::with_timeout(weft::context(), 3ms);
    EXPECT_EQ(weft::select(weft::recv(never), weft::done(timed)), 1);
  });
}

// ---- after_func ------------------------------------------------------------------------------------

TEST_P(Context, AfterFuncRunsInATaskOfItsOwn) {
  run([] {
    auto [ctx, cancel] = weft::with_cancel(weft::context());
    auto ran = weft::make_chan<std::uint64_t>(2);
    const std::uint64_t me = weft::this_task::id();
    auto stop = ctx.after_func([=] { ran.send(weft::this_task::id()); });
    settle();
    EXPECT_FALSE(ran.try_recv());
    cancel();
    const auto id = ran.recv();
    EXPECT_NE(*id, 0u);
    EXPECT_NE(*id, me);
    EXPECT_FALSE(stop());
    ctx.after_func([=] { ran.send(1); });  // it has ended: at once
    EXPECT_EQ(*ran.recv(), 1u);
  });
}

TEST_P(Context, StopTellsWhetherItPreventedTheCall) {
  run([] {
    auto [ctx, cancel] = weft::with_cancel(weft::context());
    std::atomic<int> ran{0};
    auto stop = ctx.after_func([&] { ++ran; });
    EXPECT_TRUE(stop());
    EXPECT_FALSE(stop());
    cancel();
    settle();
    EXPECT_EQ(ran, 0);
  });
}

TEST_P(Context, AfterFuncComesAtTheDeadlineAlthoughNobodyLooks) {
  run([] {
    auto [ctx, cancel] = weft::with_timeout(weft::context(), 5ms);
    auto below = weft::with_value<int>(ctx, 1);
    auto ran = weft::make_chan<void>(1);
    below.after_func([=] { ran.send(); });
    EXPECT_TRUE(ran.recv());
    EXPECT_EQ(below.err(), std::errc::timed_out);
    auto stop = weft::with_timeout(weft::context(), 1h).ctx.after_func([] {});
    EXPECT_TRUE(stop());
  });
}

TEST_P(Context, AfterFuncOfAContextThatNobodyHoldsStillComesWithTheParent) {
  run([] {
    auto [parent, cancel] = weft::with_cancel(weft::context());
    auto ran = weft::make_chan<void>(2);
    weft::with_value<int>(parent, 1).after_func([=] { ran.send(); });
    auto child = weft::with_cancel(parent);
    child.ctx.after_func([=] { ran.send(); });
    child = weft::with_cancel(weft::context());
    cancel();
    EXPECT_TRUE(ran.recv());
    EXPECT_TRUE(ran.recv());
  });
}

TEST_P(Context, AfterFuncAndStopRaceForOneOfThem) {
  run([] {
    for (int i = 0; i < 300; ++i) {
      auto [ctx, cancel] = weft::with_timeout(weft::context(), i % 3 == 0 ? 1h : 200us);
      auto ran = std::make_shared<std::atomic<int>>(0);
      auto stop = ctx.after_func([ran] { ++*ran; });
      auto t = weft::spawn([cancel = cancel] { cancel(); });
      if (i % 2 == 0) weft::this_task::yield();
      const bool stopped = stop();
      t.join();
      if (!stopped) yield_until([&] { return *ran == 1; });
      EXPECT_EQ(*ran, stopped ? 0 : 1);
    }
  });
}

TEST(ContextAlone, OutsideARuntimeAfterFuncRunsInWhoeverEndsIt) {
  auto [ctx, cancel] = weft::with_cancel(weft::context());
  std::thread::id ran;
  ctx.after_func([&] { ran = std::this_thread::get_id(); });
  cancel();
  EXPECT_EQ(ran, std::this_thread::get_id());
}

TEST(ContextAlone, WhatIsRegisteredOnAContextThatCannotEndAnyMoreIsDropped) {
  auto watched = std::make_shared<int>(1);
  {
    auto [ctx, cancel] = weft::with_cancel(weft::context());
    ctx.after_func([watched] {});
    weft::context().after_func([watched] {});
  }
  EXPECT_EQ(watched.use_count(), 1);
}

// ---- large trees -----------------------------------------------------------------------------------

std::vector<weft::context> tree(const weft::context& root, std::size_t n, std::size_t arity) {
  std::vector<weft::context> nodes{root};
  for (std::size_t i = 1; i < n; ++i)
    nodes.push_back(weft::with_cancel(nodes[(i - 1) / arity]).ctx);
  return nodes;
}

TEST(ContextAlone, ATreeOfTenThousandNodesHasEndedWhenCancelReturns) {
  for (std::size_t arity : {1u, 2u, 10'000u}) {
    auto [root, cancel] = weft::with_cancel(weft::context());
    auto nodes = tree(root, 10'000, arity);
    auto seven = std::make_exception_ptr(7);
    cancel(seven);
    for (const auto& node : nodes) {
      ASSERT_TRUE(node.err());
      ASSERT_EQ(node.cause(), seven);
    }
  }
}

TEST(ContextAlone, AChainOfTenThousandIsDroppedWithoutRecursion) {
  weft::context at = weft::with_cancel(weft::context()).ctx;
  for (int i = 0; i < 10'000; ++i) at = weft::with_value<int>(at, i);
  EXPECT_EQ(*at.value<int>(), 9'999);
  at = {};
}

// Several cancel different parts at the same time: each comes back to an ended subtree.
TEST_P(Context, CancelsThatMeetInOneTreeEachEndTheirPart) {
  run([] {
    for (int round = 0; round < 12; ++round) {
      auto [root, cancel] = weft::with_cancel(weft::context());
      auto nodes = tree(root, 1'000, 3);
      std::vector<weft::cancellable> more;
      weft::wait_group all;
      for (int i = 0; i < 4; ++i) {
        const weft::context& mine = nodes[static_cast<std::size_t>(i == 0 ? 0 : i * 7)];
        auto below = weft::with_cancel(mine);
        auto leaf = weft::with_value<int>(below.ctx, i);
        all.go([=, cancel = cancel] {
          if (i == 0)
            cancel();
          else
            below.cancel();
          EXPECT_TRUE(leaf.err());
          if (i == 0) {
            EXPECT_TRUE(mine.err());
          }
        });
      }
      all.go([&] {  // grows meanwhile
        for (int i = 0; i < 200; ++i) more.push_back(weft::with_cancel(nodes[static_cast<std::size_t>(i * 5)]));
      });
      all.wait();
      for (const auto& node : nodes) ASSERT_TRUE(node.err());
      for (const auto& late : more) ASSERT_TRUE(late.ctx.err());
    }
  });
}

TEST_P(Context, ContextsMayBeDroppedWhileTheTreeIsCancelled) {
  run([] {
    for (int round = 0; round < 30; ++round) {
      auto [root, cancel] = weft::with_cancel(weft::context());
      weft::wait_group all;
      for (int i = 0; i < 4; ++i)
        all.go([root = root] {
          for (int n = 0; n < 100; ++n) {
            auto [a, ca] = weft::with_cancel(root);
            auto b = weft::with_value<int>(a, n);
            if (n % 3 == 0) ca();
          }
        });
      all.go([cancel = cancel] { cancel(); });
      all.wait();
      EXPECT_TRUE(root.err());
    }
  });
}

// ---- std::stop_token -------------------------------------------------------------------------------

TEST(ContextAlone, AStopTokenEndsAContext) {
  std::stop_source source;
  auto [ctx, cancel] = weft::with_stop_token(weft::context(), source.get_token());
  auto below = weft::with_value<int>(ctx, 1);
  EXPECT_FALSE(ctx.err());
  source.request_stop();
  EXPECT_EQ(ctx.err(), std::errc::operation_canceled);
  EXPECT_TRUE(below.err());
  EXPECT_TRUE(weft::with_stop_token(weft::context(), source.get_token()).ctx.err());
  auto [other, cancel_other] = weft::with_stop_token(weft::context(), std::stop_token());
  cancel_other();
  EXPECT_TRUE(other.err());
}

TEST(ContextAlone, AContextThatIsDroppedIsForgottenByTheStopSource) {
  std::stop_source source;
  { auto dropped = weft::with_stop_token(weft::context(), source.get_token()); }
  EXPECT_TRUE(source.request_stop());
}

TEST(ContextAlone, AContextRequestsStop) {
  auto [ctx, cancel] = weft::with_cancel(weft::context());
  const weft::stop_source_of source(ctx);
  bool called = false;
  std::stop_callback callback(source.get_token(), [&] { called = true; });
  EXPECT_FALSE(source.get_token().stop_requested());
  cancel();
  EXPECT_TRUE(source.get_token().stop_requested());
  EXPECT_TRUE(called);
  EXPECT_TRUE(weft::stop_source_of(ctx).get_token().stop_requested());
}

TEST_P(Context, AContextRequestsStopAtItsDeadline) {
  run([] {
    auto [ctx, cancel] = weft::with_timeout(weft::context(), 3ms);
    const weft::stop_source_of source(ctx);
    auto told = weft::make_chan<void>(1);
    std::stop_callback callback(source.get_token(), [&] { told.send(); });
    EXPECT_TRUE(told.recv());
  });
}

TEST_P(Context, StopSourcesAndContextsMayBeDroppedDuringTheEnd) {
  run([] {
    for (int i = 0; i < 100; ++i) {
      std::stop_source source;
      auto t = weft::spawn([source]() mutable { source.request_stop(); });
      {
        auto linked = weft::with_stop_token(weft::context(), source.get_token());
        const weft::stop_source_of back(linked.ctx);
        if (i % 2 == 0) weft::this_task::yield();
      }
      t.join();
    }
  });
}

}  // namespace
