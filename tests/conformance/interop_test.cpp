// The bridges to C++20 coroutines, std::future, ranges and fmt.
#include <weft/coroutine.hpp>
#include <weft/fmt.hpp>
#include <weft/future.hpp>

#include <atomic>
#include <coroutine>
#include <future>
#include <iterator>
#include <memory>
#include <ranges>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/support/run.hpp"

namespace {

using weft_test::on_workers;

class Interop : public on_workers {};
WEFT_ON_WORKERS(Interop);

// A coroutine that starts at once and belongs to nobody.
struct fire_and_forget {
  struct promise_type {
    fire_and_forget get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
};

// A lazy coroutine with a result, as coroutine libraries have it.
template <class T>
struct lazy {
  struct promise_type {
    std::optional<T> value;
    std::exception_ptr error;
    std::coroutine_handle<> then = std::noop_coroutine();
    lazy get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_always initial_suspend() noexcept { return {}; }
    auto final_suspend() noexcept {
      struct last {
        bool await_ready() noexcept { return false; }
        std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> h) noexcept {
          return h.promise().then;
        }
        void await_resume() noexcept {}
      };
      return last{};
    }
    void return_value(T v) { value = std::move(v); }
    void unhandled_exception() { error = std::current_exception(); }
  };

  lazy(std::coroutine_handle<promise_type> h) : handle(h) {}
  lazy(lazy&& other) noexcept : handle(std::exchange(other.handle, {})) {}
  ~lazy() {
    if (handle) handle.destroy();
  }

  bool await_ready() { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> who) {
    handle.promise().then = who;
    return handle;
  }
  T await_resume() {
    if (handle.promise().error) std::rethrow_exception(handle.promise().error);
    return std::move(*handle.promise().value);
  }

  std::coroutine_handle<promise_type> handle;
};

fire_and_forget add_one(weft::recv_chan<int> in, weft::send_chan<int> out) {
  while (std::optional<int> v = co_await in.async_recv()) co_await out.async_send(*v + 1);
  out.close();
}

TEST_P(Interop, CoroutinesAndTasksShareChannels) {
  run([] {
    auto in = weft::make_chan<int>();
    auto out = weft::make_chan<int>();
    add_one(in, out);
    weft::go([in] {
      for (int i = 0; i < 100; ++i) in.send(i);
      in.close();
    });
    int expected = 1;
    for (int v : out) EXPECT_EQ(v, expected++);
    EXPECT_EQ(expected, 101);
  });
}

TEST_P(Interop, AChainOfCoroutines) {
  run([] {
    auto first = weft::make_chan<int>();
    weft::chan<int> last = first;
    for (int i = 0; i < 50; ++i) {
      auto next = weft::make_chan<int>(i % 3);
      add_one(last, next);
      last = next;
    }
    first.send(0);
    EXPECT_EQ(last.recv(), 50);
    first.close();
    EXPECT_EQ(last.recv(), std::nullopt);
  });
}

TEST_P(Interop, WhatNeedsNoWaitDoesNotSuspend) {
  run([] {
    auto ch = weft::make_chan<std::unique_ptr<int>>(1);
    bool done = false;
    [](auto box, bool& reached) -> fire_and_forget {
      const auto me = weft::this_task::id();
      co_await box.async_send(std::make_unique<int>(3));
      auto v = co_await box.async_recv();
      EXPECT_EQ(**v, 3);
      EXPECT_EQ(weft::this_task::id(), me);
      reached = true;
    }(ch, done);
    EXPECT_TRUE(done);
  });
}

TEST_P(Interop, AwaitedSendOnAClosedChannelThrows) {
  run([] {
    auto now = weft::make_chan<int>();
    now.close();
    auto later = weft::make_chan<int>();
    auto told = weft::make_chan<int>(2);
    auto tell = [](weft::chan<int> to, weft::chan<int> then) -> fire_and_forget {
      try {
        co_await to.async_send(1);
      } catch (const weft::closed_channel&) {
        then.send(1);
      }
    };
    tell(now, told);
    tell(later, told);
    weft_test::settle();
    later.close();
    EXPECT_EQ(told.recv(), 1);
    EXPECT_EQ(told.recv(), 1);
  });
}

TEST_P(Interop, SignalsOfAVoidChannelAreAwaited) {
  run([] {
    auto ch = weft::make_chan<void>();
    auto seen = weft::make_chan<int>(4);
    [](auto signals, auto then) -> fire_and_forget {
      int n = 0;
      while (co_await signals.async_recv()) ++n;
      then.send(n);
    }(ch, seen);
    ch.send();
    [](auto signals) -> fire_and_forget {
      co_await signals.async_send();
      signals.close();
    }(ch);
    EXPECT_EQ(seen.recv(), 2);
  });
}

lazy<int> sum_of(weft::recv_chan<int> in) {
  int sum = 0;
  while (auto v = co_await in.async_recv()) sum += *v;
  co_return sum;
}

TEST_P(Interop, SyncWaitGivesATaskTheResultOfACoroutine) {
  run([] {
    auto ch = weft::make_chan<int>();
    weft::go([ch] {
      for (int i = 1; i <= 10; ++i) ch.send(i);
      ch.close();
    });
    EXPECT_EQ(weft::sync_wait(sum_of(ch)), 55);
    EXPECT_EQ(weft::sync_wait(sum_of(ch)), 0);  // ends without a suspension
    weft::chan<int> box = weft::make_chan<int>(1);
    weft::sync_wait(box.async_send(4));
    EXPECT_EQ(weft::sync_wait(box.async_recv()), 4);
  });
}

TEST_P(Interop, SyncWaitThrowsWhatTheCoroutineThrows) {
  run([] {
    auto fails = [](weft::chan<int> from) -> lazy<int> {
      co_await from.async_recv();
      throw std::runtime_error("late");
    };
    auto ch = weft::make_chan<int>();
    weft::go([ch] { ch.send(1); });
    EXPECT_THROW(weft::sync_wait(fails(ch)), std::runtime_error);
  });
}

TEST_P(Interop, SyncWaitFromAPlainThread) {
  run([] {
    auto ch = weft::make_chan<int>();
    weft::go([ch] {
      ch.send(2);
      ch.close();
    });
    weft::blocking([&] {
      std::thread([&] { EXPECT_EQ(weft::sync_wait(sum_of(ch)), 2); }).join();
    });
  });
}

TEST_P(Interop, ACancelledSyncWaitEndsAfterItsCoroutine) {
  run([] {
    auto ch = weft::make_chan<int>();
    std::atomic<bool> waits{false};
    auto t = weft::spawn([&] {
      waits = true;
      (void)weft::sync_wait(sum_of(ch));
    });
    weft_test::yield_until(waits);
    weft_test::settle();
    t.cancel();
    weft_test::settle();
    ch.close();
    EXPECT_THROW(t.join(), weft::task_ended);
  });
}

TEST_P(Interop, ATaskAwaitsAStdFutureWhileOthersGoOn) {
  run([] {
    std::promise<int> promise;
    std::future<int> future = promise.get_future();
    weft::go([&] {
      weft::sleep_for(std::chrono::milliseconds(1));
      promise.set_value(6);
    });
    EXPECT_EQ(weft::await(future), 6);
    EXPECT_EQ(weft::await(std::async(std::launch::deferred, [] { return 7; })), 7);
    EXPECT_EQ(weft::await(std::async(std::launch::async, [] { return 8; })), 8);
    std::shared_future<void> fails = std::async(std::launch::async, [] {
                                       throw std::runtime_error("no");
                                     }).share();
    EXPECT_THROW(weft::await(fails), std::runtime_error);
  });
}

TEST_P(Interop, AFutureOfATaskServesAPlainThread) {
  run([] {
    auto good = weft::to_future(weft::spawn([] { return std::string("done"); }));
    auto bad = weft::to_future(weft::spawn([] { throw std::runtime_error("no"); }));
    weft::blocking([&] {
      EXPECT_EQ(good.get(), "done");
      EXPECT_THROW(bad.get(), std::runtime_error);
    });
  });
}

TEST_P(Interop, AChannelIsARangeInStdAlgorithms) {
  run([] {
    auto ch = weft::make_chan<int>(8);
    for (int i = 1; i <= 5; ++i) ch.send(i);
    ch.close();
    std::vector<int> seen;
    for (auto it = ch.begin(); it != ch.end(); ++it) seen.push_back(*it);
    EXPECT_EQ(seen, (std::vector<int>{1, 2, 3, 4, 5}));
  });
}

// clang 14 does not take libstdc++ 12's views.
#if defined(__cpp_lib_ranges) && !defined(__clang__)
static_assert(std::ranges::input_range<weft::chan<int>>);
static_assert(std::ranges::input_range<const weft::recv_chan<std::unique_ptr<int>>>);

TEST_P(Interop, AChannelIsAnInputRange) {
  run([] {
    auto ch = weft::make_chan<int>();
    weft::go([ch] {
      for (int i = 1; i <= 9; ++i) ch.send(i);
      ch.close();
    });
    std::vector<int> seen;
    auto odd_squares = ch | std::views::filter([](int v) { return v % 2 == 1; }) |
                       std::views::transform([](int v) { return v * v; });
    for (int v : odd_squares) seen.push_back(v);
    EXPECT_EQ(seen, (std::vector<int>{1, 9, 25, 49, 81}));
  });
}
#endif

TEST_P(Interop, FmtPrintsChannelsTasksErrorsAndReports) {
  run([] {
    auto ch = weft::make_chan<int>(5);
    ch.send(1);
    ch.send(2);
    EXPECT_EQ(fmt::format("{}", ch), "chan(2 of 5)");
    EXPECT_EQ(fmt::format("{}", weft::send_chan<int>(ch)), "send_chan(2 of 5)");
    EXPECT_EQ(fmt::format("{}", weft::recv_chan<int>()), "recv_chan(nil)");
    EXPECT_EQ(fmt::format("{:>18}|", weft::make_chan<void>()), "  chan(unbuffered)|");
    auto t = weft::spawn([] {});
    EXPECT_EQ(fmt::format("{}", t), "task " + std::to_string(t.id()));
    t.join();
    EXPECT_EQ(fmt::format("{}", t), "no task");
    EXPECT_EQ(fmt::format("{}", weft::chan_status::closed), "closed");
    EXPECT_EQ(fmt::format("{}", weft::closed_channel("gone")), "gone");
    weft::debug::deadlock_report report;
    report.tasks.emplace_back();
    report.tasks[0].ids = {7};
    report.tasks[0].reason = "chan send";
    EXPECT_EQ(fmt::format("{}", report), report.text());
    EXPECT_EQ(fmt::format("{:s}", report), "1 task: 1 in chan send");
    EXPECT_EQ(fmt::format("{:j}", report), report.json());
    weft::debug::code_place place;
    EXPECT_EQ(fmt::format("{}", place), "?");
    place = {"f", "a.cpp", 3};
    EXPECT_EQ(fmt::format("{}", place), "f a.cpp:3");
  });
}

}  // namespace
