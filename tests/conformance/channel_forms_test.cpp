// SEMANTICS, "Channels": the forms of send and receive: comma-ok, range, try_, _for and _until,
// each on an open and on a closed channel. Reading: the value comes before the time, as in
// send_for(v, d) and recv_for(v, d), and recv_for(T&, d) tells chan_status::timeout.
#include <chrono>
#include <string>
#include <vector>

#include "tests/support/run.hpp"

namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;
using weft::chan_status;
using weft_test::on_workers;
using weft_test::yield_until;

class ChannelForms : public on_workers {};
WEFT_ON_WORKERS(ChannelForms);

TEST_P(ChannelForms, CommaOkTellsAZeroThatWasSentFromClosed) {
  run([] {
    auto ch = weft::make_chan<int>(1);
    ch.send(0);
    ch.close();
    {
      auto [v, ok] = ch.recv_ok();
      EXPECT_EQ(v, 0);
      EXPECT_TRUE(ok);
    }
    {
      auto [v, ok] = ch.recv_ok();
      EXPECT_EQ(v, 0);
      EXPECT_FALSE(ok);
    }
  });
}

TEST_P(ChannelForms, CommaOkGivesADefaultValueWhenClosed) {
  run([] {
    auto ch = weft::make_chan<std::string>();
    ch.close();
    auto [v, ok] = ch.recv_ok();
    EXPECT_EQ(v, "");
    EXPECT_FALSE(ok);
  });
}

TEST_P(ChannelForms, RangeEndsWhenClosedAndDrained) {
  run([] {
    auto ch = weft::make_chan<int>(2);
    weft::go([ch] {
      for (int i = 0; i < 10; ++i) ch.send(i);
      ch.close();
    });
    std::vector<int> seen;
    for (auto&& v : ch) seen.push_back(v);
    EXPECT_EQ(seen, (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
    for (auto&& v : ch) ADD_FAILURE() << v;
  });
}

TEST_P(ChannelForms, RangeCanBeLeftAndTakesNoValueMoreThanItShowed) {
  run([] {
    auto ch = weft::make_chan<int>(5);
    for (int i = 0; i < 5; ++i) ch.send(i);
    for (int v : ch) {
      if (v == 1) break;
    }
    EXPECT_EQ(ch.len(), 3u);
    EXPECT_EQ(ch.recv(), 2);
  });
}

TEST_P(ChannelForms, RangeYieldsSomethingThatCanBeMovedFrom) {
  run([] {
    auto ch = weft::make_chan<std::unique_ptr<int>>(2);
    ch.send(std::make_unique<int>(1));
    ch.send(std::make_unique<int>(2));
    ch.close();
    std::vector<std::unique_ptr<int>> kept;
    for (auto&& p : ch) kept.push_back(std::move(p));
    ASSERT_EQ(kept.size(), 2u);
    EXPECT_EQ(*kept[0], 1);
    EXPECT_EQ(*kept[1], 2);
  });
}

TEST_P(ChannelForms, TrySendIsTrueExactlyWhenItSent) {
  run([] {
    auto ch = weft::make_chan<int>(1);
    EXPECT_TRUE(ch.try_send(1));
    EXPECT_FALSE(ch.try_send(2));
    EXPECT_EQ(ch.recv(), 1);
    EXPECT_EQ(ch.len(), 0u);
    EXPECT_FALSE(weft::make_chan<int>().try_send(1));
  });
}

TEST_P(ChannelForms, TrySendReachesAWaitingReceiver) {
  run([] {
    for (std::size_t capacity : {0u, 1u}) {
      auto ch = weft::make_chan<int>(capacity);
      auto receiver = weft::spawn([ch] { return ch.recv(); });
      yield_until([&] { return ch.try_send(6); });
      EXPECT_EQ(receiver.join(), 6);
    }
  });
}

TEST_P(ChannelForms, TryRecvReachesAWaitingSender) {
  run([] {
    auto ch = weft::make_chan<int>();
    auto sender = weft::spawn([ch] { ch.send(6); });
    std::optional<int> v;
    yield_until([&] { return (v = ch.try_recv()).has_value(); });
    EXPECT_EQ(v, 6);
    sender.join();
  });
}

TEST_P(ChannelForms, TryRecvIsEmptyOnAnEmptyAndOnAClosedChannel) {
  run([] {
    auto ch = weft::make_chan<int>(1);
    EXPECT_EQ(ch.try_recv(), std::nullopt);
    ch.send(4);
    EXPECT_EQ(ch.try_recv(), 4);
    EXPECT_EQ(ch.try_recv(), std::nullopt);
    ch.close();
    EXPECT_EQ(ch.try_recv(), std::nullopt);
  });
}

TEST_P(ChannelForms, TryRecvIntoTellsValueEmptyAndClosedApart) {
  run([] {
    auto ch = weft::make_chan<int>(2);
    int v = 9;
    EXPECT_EQ(ch.try_recv(v), chan_status::empty);
    EXPECT_EQ(v, 9);
    ch.send(4);
    ch.send(5);
    ch.close();
    EXPECT_EQ(ch.try_recv(v), chan_status::value);
    EXPECT_EQ(v, 4);
    EXPECT_EQ(ch.try_recv(v), chan_status::value);
    EXPECT_EQ(v, 5);
    EXPECT_EQ(ch.try_recv(v), chan_status::closed);
    EXPECT_EQ(weft::recv_chan<int>(ch).try_recv(v), chan_status::closed);
  });
}

TEST_P(ChannelForms, SendForIsFalseAfterItsTimeAndTrueWhenItSent) {
  run([] {
    auto ch = weft::make_chan<int>(1);
    EXPECT_TRUE(ch.send_for(1, 1ms));
    const auto before = steady_clock::now();
    EXPECT_FALSE(ch.send_for(2, 2ms));
    EXPECT_GE(steady_clock::now() - before, 2ms);
    EXPECT_EQ(ch.len(), 1u);
    auto receiver = weft::spawn([ch] {
      ch.recv();
      return ch.recv();
    });
    EXPECT_TRUE(ch.send_for(3, 24h));
    EXPECT_EQ(receiver.join(), 3);
  });
}

TEST_P(ChannelForms, SendUntil) {
  run([] {
    auto ch = weft::make_chan<int>();
    const auto when = steady_clock::now() + 2ms;
    EXPECT_FALSE(ch.send_until(1, when));
    EXPECT_GE(steady_clock::now(), when);
    auto receiver = weft::spawn([ch] { return ch.recv(); });
    EXPECT_TRUE(ch.send_until(3, steady_clock::now() + 24h));
    EXPECT_EQ(receiver.join(), 3);
  });
}

TEST_P(ChannelForms, RecvForIsEmptyAfterItsTime) {
  run([] {
    auto ch = weft::make_chan<int>();
    const auto before = steady_clock::now();
    EXPECT_EQ(ch.recv_for(2ms), std::nullopt);
    EXPECT_GE(steady_clock::now() - before, 2ms);
    auto sender = weft::spawn([ch] { ch.send(5); });
    EXPECT_EQ(ch.recv_for(24h), 5);
    sender.join();
  });
}

TEST_P(ChannelForms, RecvUntil) {
  run([] {
    auto ch = weft::make_chan<int>();
    const auto when = steady_clock::now() + 2ms;
    EXPECT_EQ(ch.recv_until(when), std::nullopt);
    EXPECT_GE(steady_clock::now(), when);
    auto sender = weft::spawn([ch] { ch.send(5); });
    EXPECT_EQ(ch.recv_until(steady_clock::now() + 24h), 5);
    sender.join();
  });
}

TEST_P(ChannelForms, RecvForIntoTellsTimeoutFromClosed) {
  run([] {
    auto ch = weft::make_chan<int>(1);
    int v = 9;
    EXPECT_EQ(ch.recv_for(v, 1ms), chan_status::timeout);
    EXPECT_EQ(ch.recv_until(v, steady_clock::now() + 1ms), chan_status::timeout);
    EXPECT_EQ(v, 9);
    ch.send(1);
    EXPECT_EQ(ch.recv_for(v, 1ms), chan_status::value);
    EXPECT_EQ(v, 1);
    ch.close();
    EXPECT_EQ(ch.recv_for(v, 24h), chan_status::closed);
    EXPECT_EQ(ch.recv_until(v, steady_clock::now() + 24h), chan_status::closed);
  });
}

TEST_P(ChannelForms, EveryFormOfSendThrowsOnAClosedChannel) {
  run([] {
    for (std::size_t capacity : {0u, 1u}) {
      auto ch = weft::make_chan<int>(capacity);
      ch.close();
      EXPECT_THROW(ch.send(1), weft::closed_channel);
      EXPECT_THROW(ch.try_send(1), weft::closed_channel);
      EXPECT_THROW(ch.send_for(1, 24h), weft::closed_channel);
      EXPECT_THROW(ch.send_for(1, -1s), weft::closed_channel);
      EXPECT_THROW(ch.send_until(1, steady_clock::now() + 24h), weft::closed_channel);
      EXPECT_THROW(weft::select(weft::send(ch, 1)), weft::closed_channel);
      EXPECT_THROW(weft::select(weft::send(ch, 1), weft::otherwise()), weft::closed_channel);
    }
  });
}

TEST_P(ChannelForms, EveryFormOfReceiveComesBackAtOnceFromAClosedChannel) {
  run([] {
    auto ch = weft::make_chan<int>();
    ch.close();
    EXPECT_EQ(ch.recv(), std::nullopt);
    EXPECT_EQ(ch.try_recv(), std::nullopt);
    EXPECT_EQ(ch.recv_for(24h), std::nullopt);
    EXPECT_EQ(ch.recv_until(steady_clock::now() + 24h), std::nullopt);
  });
}

TEST_P(ChannelForms, NegativeAndZeroDurationsDoNotWait) {
  run([] {
    auto ch = weft::make_chan<int>(1);
    const auto past = steady_clock::now() - 1h;
    int v = 0;
    for (const auto d : {0ns, -1ns, std::chrono::nanoseconds(-24h)}) {
      EXPECT_EQ(ch.recv_for(d), std::nullopt);
      EXPECT_EQ(ch.recv_for(v, d), chan_status::timeout);
      EXPECT_TRUE(ch.send_for(1, d));   // there is room: no wait is needed
      EXPECT_FALSE(ch.send_for(2, d));  // full
      EXPECT_EQ(ch.recv_for(d), 1);     // a value is there: no wait is needed
    }
    EXPECT_EQ(ch.recv_until(past), std::nullopt);
    EXPECT_TRUE(ch.send_until(1, past));
    EXPECT_FALSE(ch.send_until(2, past));
    EXPECT_EQ(ch.recv_until(past), 1);
  });
}

TEST_P(ChannelForms, VeryLongDurationsDoNotOverflow) {
  run([] {
    auto ch = weft::make_chan<int>();
    auto sender = weft::spawn([ch] { ch.send(1); });
    EXPECT_EQ(ch.recv_for(std::chrono::hours::max()), 1);
    sender.join();
    auto receiver = weft::spawn([ch] { return ch.recv(); });
    EXPECT_TRUE(ch.send_until(2, steady_clock::time_point::max()));
    EXPECT_EQ(receiver.join(), 2);
  });
}

TEST_P(ChannelForms, ACloseWakesTimedWaits) {
  run([] {
    auto ch = weft::make_chan<int>();
    std::atomic<int> started{0};
    auto receiver = weft::spawn([&] {
      ++started;
      int v = 0;
      return ch.recv_for(v, 24h);
    });
    yield_until([&] { return started == 1; });
    weft_test::settle();
    ch.close();
    EXPECT_EQ(receiver.join(), chan_status::closed);

    auto full = weft::make_chan<int>();
    auto sender = weft::spawn([&] {
      ++started;
      EXPECT_THROW(full.send_for(1, 24h), weft::closed_channel);
    });
    yield_until([&] { return started == 2; });
    weft_test::settle();
    full.close();
    sender.join();
  });
}

}  // namespace
