// SEMANTICS, "Channels", the table: one test a cell.
#include <chrono>
#include <optional>

#include "tests/support/run.hpp"

namespace {

using weft_test::ended;
using weft_test::how_it_ends_at_main_end;
using weft_test::on_workers;
using weft_test::settle;
using weft_test::yield_until;

class ChannelTable : public on_workers {};
WEFT_ON_WORKERS(ChannelTable);

weft::chan<int> closed_chan(std::size_t capacity) {
  auto ch = weft::make_chan<int>(capacity);
  ch.close();
  return ch;
}

// ---- unbuffered, open ----

TEST_P(ChannelTable, ReceiveFromUnbufferedWaitsForASender) {
  run([] {
    auto ch = weft::make_chan<int>();
    std::atomic<bool> started{false}, done{false};
    auto receiver = weft::spawn([&] {
      started = true;
      const auto v = ch.recv();
      done = true;
      return v;
    });
    yield_until(started);
    settle();
    EXPECT_FALSE(done);
    ch.send(7);
    EXPECT_EQ(receiver.join(), 7);
  });
}

TEST_P(ChannelTable, SendToUnbufferedWaitsForAReceiver) {
  run([] {
    auto ch = weft::make_chan<int>();
    std::atomic<bool> started{false}, done{false};
    auto sender = weft::spawn([&] {
      started = true;
      ch.send(8);
      done = true;
    });
    yield_until(started);
    settle();
    EXPECT_FALSE(done);
    EXPECT_EQ(ch.recv(), 8);
    sender.join();
    EXPECT_TRUE(done);
  });
}

TEST_P(ChannelTable, NobodyComesToAnUnbufferedChannel) {
  EXPECT_EQ(how_it_ends_at_main_end(GetParam(), [] { weft::make_chan<int>().recv(); }),
            ended::cancelled);
  EXPECT_EQ(how_it_ends_at_main_end(GetParam(), [] { weft::make_chan<int>().send(1); }),
            ended::cancelled);
}

TEST_P(ChannelTable, CloseOfUnbufferedWorks) {
  run([] {
    auto ch = weft::make_chan<int>();
    EXPECT_NO_THROW(ch.close());
  });
}

TEST_P(ChannelTable, CloseOfUnbufferedMakesWaitingSendersThrow) {
  run([] {
    auto ch = weft::make_chan<int>();
    std::atomic<bool> started{false};
    auto sender = weft::spawn([&] {
      started = true;
      EXPECT_THROW(ch.send(1), weft::closed_channel);
    });
    yield_until(started);
    settle();
    ch.close();
    sender.join();
    EXPECT_EQ(ch.recv(), std::nullopt);
  });
}

// ---- unbuffered, closed ----

TEST_P(ChannelTable, ReceiveFromClosedUnbufferedHasNoValue) {
  run([] {
    const auto ch = closed_chan(0);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(ch.recv(), std::nullopt);
  });
}

TEST_P(ChannelTable, SendToClosedUnbufferedThrows) {
  run([] { EXPECT_THROW(closed_chan(0).send(1), weft::closed_channel); });
}

TEST_P(ChannelTable, CloseOfClosedUnbufferedThrows) {
  run([] { EXPECT_THROW(closed_chan(0).close(), weft::closed_channel); });
}

// ---- buffered, open ----

TEST_P(ChannelTable, ReceiveFromBufferedTakesAValueWithoutWaiting) {
  run([] {
    auto ch = weft::make_chan<int>(2);
    ch.send(1);
    EXPECT_EQ(ch.recv(), 1);
  });
}

TEST_P(ChannelTable, ReceiveFromBufferedWaitsWhileEmpty) {
  run([] {
    auto ch = weft::make_chan<int>(2);
    std::atomic<bool> started{false}, done{false};
    auto receiver = weft::spawn([&] {
      started = true;
      const auto v = ch.recv();
      done = true;
      return v;
    });
    yield_until(started);
    settle();
    EXPECT_FALSE(done);
    ch.send(3);
    EXPECT_EQ(receiver.join(), 3);
  });
}

TEST_P(ChannelTable, SendToBufferedDoesNotWaitWhileThereIsRoom) {
  run([] {
    auto ch = weft::make_chan<int>(3);
    for (int i = 0; i < 3; ++i) ch.send(i);  // nobody receives: it would hang
    EXPECT_EQ(ch.len(), 3u);
  });
}

TEST_P(ChannelTable, SendToBufferedWaitsWhileFull) {
  run([] {
    auto ch = weft::make_chan<int>(1);
    ch.send(1);
    std::atomic<bool> started{false}, done{false};
    auto sender = weft::spawn([&] {
      started = true;
      ch.send(2);
      done = true;
    });
    yield_until(started);
    settle();
    EXPECT_FALSE(done);
    EXPECT_EQ(ch.recv(), 1);
    sender.join();
    EXPECT_EQ(ch.recv(), 2);
  });
}

TEST_P(ChannelTable, CloseOfBufferedWorksAndValuesLeftStayReadable) {
  run([] {
    auto ch = weft::make_chan<int>(3);
    ch.send(1);
    ch.send(2);
    EXPECT_NO_THROW(ch.close());
    EXPECT_EQ(ch.len(), 2u);
    EXPECT_EQ(ch.recv(), 1);
    EXPECT_EQ(ch.recv(), 2);
    EXPECT_EQ(ch.recv(), std::nullopt);
  });
}

TEST_P(ChannelTable, CloseOfBufferedMakesWaitingSendersThrow) {
  run([] {
    auto ch = weft::make_chan<int>(1);
    ch.send(1);
    std::atomic<bool> started{false};
    auto sender = weft::spawn([&] {
      started = true;
      EXPECT_THROW(ch.send(2), weft::closed_channel);
    });
    yield_until(started);
    settle();
    ch.close();
    sender.join();
    EXPECT_EQ(ch.recv(), 1);
    EXPECT_EQ(ch.recv(), std::nullopt);
  });
}

// ---- buffered, closed ----

TEST_P(ChannelTable, ReceiveFromClosedBufferedGivesTheValuesLeftAndThenNone) {
  run([] {
    auto ch = weft::make_chan<int>(2);
    ch.send(0);
    ch.close();
    EXPECT_EQ(ch.recv(), 0);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(ch.recv(), std::nullopt);
  });
}

TEST_P(ChannelTable, SendToClosedBufferedThrowsWithAndWithoutRoom) {
  run([] {
    EXPECT_THROW(closed_chan(2).send(1), weft::closed_channel);
    auto full = weft::make_chan<int>(1);
    full.send(1);
    full.close();
    EXPECT_THROW(full.send(2), weft::closed_channel);
    EXPECT_EQ(full.len(), 1u);
  });
}

TEST_P(ChannelTable, CloseOfClosedBufferedThrows) {
  run([] { EXPECT_THROW(closed_chan(2).close(), weft::closed_channel); });
}

// ---- nil ----

TEST_P(ChannelTable, ReceiveFromNilWaitsForEver) {
  EXPECT_EQ(how_it_ends_at_main_end(GetParam(), [] { weft::chan<int>().recv(); }),
            ended::cancelled);
  EXPECT_EQ(how_it_ends_at_main_end(GetParam(), [] { weft::chan<int>().recv_ok(); }),
            ended::cancelled);
  EXPECT_EQ(how_it_ends_at_main_end(GetParam(),
                                    [] {
                                      for (int v : weft::chan<int>()) (void)v;
                                    }),
            ended::cancelled);
}

TEST_P(ChannelTable, SendToNilWaitsForEver) {
  EXPECT_EQ(how_it_ends_at_main_end(GetParam(), [] { weft::chan<int>().send(1); }),
            ended::cancelled);
}

TEST_P(ChannelTable, CloseOfNilThrows) {
  run([] { EXPECT_THROW(weft::chan<int>().close(), weft::closed_channel); });
}

TEST_P(ChannelTable, FormsThatDoNotWaitFindNothingOnNil) {
  run([] {
    using namespace std::chrono_literals;
    const weft::chan<int> nil;
    int v = 5;
    EXPECT_FALSE(nil.try_send(1));
    EXPECT_EQ(nil.try_recv(), std::nullopt);
    EXPECT_EQ(nil.try_recv(v), weft::chan_status::empty);
    EXPECT_FALSE(nil.send_for(1, 1ms));
    EXPECT_EQ(nil.recv_for(1ms), std::nullopt);
    EXPECT_EQ(v, 5);
  });
}

// ---- errors ----

TEST(ChannelErrors, AreClosedChannelDerivedFromErrorDerivedFromLogicError) {
  static_assert(std::is_base_of_v<weft::error, weft::closed_channel>);
  static_assert(std::is_base_of_v<std::logic_error, weft::error>);
  weft::run([] {
    try {
      closed_chan(0).send(1);
      ADD_FAILURE();
    } catch (const std::logic_error& e) {
      EXPECT_STRNE(e.what(), "");
    }
  });
}

}  // namespace
