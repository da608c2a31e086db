// SEMANTICS, "select": timeout and until.
#include <chrono>

#include "tests/support/run.hpp"

namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;
using weft_test::on_workers;

class SelectTimeout : public on_workers {};
WEFT_ON_WORKERS(SelectTimeout);

TEST_P(SelectTimeout, RunsWhenNothingElseDoesAndNotBeforeItsTime) {
  run([] {
    auto empty = weft::make_chan<int>();
    const auto before = steady_clock::now();
    EXPECT_EQ(weft::select(weft::recv(empty), weft::timeout(3ms)), 1);
    EXPECT_GE(steady_clock::now() - before, 3ms);
    const auto when = steady_clock::now() + 3ms;
    EXPECT_EQ(weft::select(weft::until(when), weft::recv(empty)), 0);
    EXPECT_GE(steady_clock::now(), when);
  });
}

TEST_P(SelectTimeout, AloneItIsASleep) {
  run([] { EXPECT_EQ(weft::select(weft::timeout(1ms)), 0); });
}

TEST_P(SelectTimeout, AReadyCaseWinsOverATimeoutThatHasPassed) {
  run([] {
    auto ch = weft::make_chan<int>(1);
    for (int i = 0; i < 300; ++i) {
      ch.send(1);
      EXPECT_EQ(weft::select(weft::timeout(0ms), weft::recv(ch)), 1);
      EXPECT_EQ(weft::select(weft::timeout(-1h), weft::send(ch, 1)), 1);
      EXPECT_EQ(weft::select(weft::recv(ch), weft::until(steady_clock::now() - 1h)), 0);
    }
  });
}

TEST_P(SelectTimeout, ATimeoutThatHasPassedDoesNotWait) {
  run([] {
    auto empty = weft::make_chan<int>();
    for (int i = 0; i < 100; ++i) {
      EXPECT_EQ(weft::select(weft::recv(empty), weft::timeout(0ms)), 1);
      EXPECT_EQ(weft::select(weft::recv(empty), weft::timeout(-1ns)), 1);
      EXPECT_EQ(weft::select(weft::recv(empty), weft::until(steady_clock::now() - 1h)), 1);
      EXPECT_EQ(weft::select(weft::recv(empty), weft::until(steady_clock::time_point::min())), 1);
    }
  });
}

TEST_P(SelectTimeout, TheEarlierOfTwoRuns) {
  run([] {
    auto empty = weft::make_chan<int>();
    EXPECT_EQ(weft::select(weft::timeout(24h), weft::recv(empty), weft::timeout(1ms)), 2);
    EXPECT_EQ(weft::select(weft::timeout(1ms), weft::until(steady_clock::now() + 24h)), 0);
  });
}

TEST_P(SelectTimeout, OneThatIsFarAwayDoesNotDisturb) {
  run([] {
    auto ch = weft::make_chan<int>();
    for (const auto d : {std::chrono::nanoseconds(24h), std::chrono::nanoseconds::max()}) {
      auto sender = weft::spawn([&] { ch.send(4); });
      int v = 0;
      EXPECT_EQ(weft::select(weft::recv(ch, v), weft::timeout(d)), 0);
      EXPECT_EQ(v, 4);
      sender.join();
    }
    auto sender = weft::spawn([&] { ch.send(5); });
    EXPECT_EQ(weft::select(weft::recv(ch), weft::until(steady_clock::time_point::max())), 0);
    sender.join();
    auto again = weft::spawn([&] { ch.send(6); });
    EXPECT_EQ(weft::select(weft::timeout(std::chrono::hours::max()), weft::recv(ch)), 1);
    again.join();
  });
}

TEST_P(SelectTimeout, DurationsOfAnyUnit) {
  run([] {
    EXPECT_EQ(weft::select(weft::timeout(std::chrono::duration<double>(0.001))), 0);
    EXPECT_EQ(weft::select(weft::timeout(std::chrono::microseconds(100))), 0);
    EXPECT_EQ(weft::select(weft::timeout(0s)), 0);
  });
}

// A timeout against an operation that comes at about the same time: one of both happens, never
// both, never none.
TEST_P(SelectTimeout, RacesWithASendAndNothingIsLost) {
  run([] {
    auto ch = weft::make_chan<int>();
    int received = 0, sent = 0;
    for (int i = 0; i < 300; ++i) {
      auto sender = weft::spawn([&] {
        weft::sleep_for(std::chrono::microseconds(100));
        return ch.send_for(i, std::chrono::microseconds(i % 3 * 50)) ? 1 : 0;
      });
      int v = -1;
      if (weft::select(weft::recv(ch, v),
                       weft::timeout(std::chrono::microseconds(100 + i % 5 * 20))) == 0) {
        EXPECT_EQ(v, i);
        ++received;
      } else {
        EXPECT_EQ(v, -1);
      }
      sent += sender.join();
    }
    EXPECT_EQ(sent, received);
  });
}

TEST_P(SelectTimeout, ManyAtOnce) {
  run([] {
    auto never = weft::make_chan<int>();
    weft::wait_group all;
    std::atomic<int> timed_out{0};
    for (int i = 0; i < 500; ++i) {
      all.go([&, i] {
        timed_out += weft::select(weft::recv(never),
                                  weft::timeout(std::chrono::microseconds(i * 13 % 4000)));
      });
    }
    all.wait();
    EXPECT_EQ(timed_out, 500);
  });
}

}  // namespace
