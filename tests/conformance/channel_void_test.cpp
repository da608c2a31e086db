// SEMANTICS, "Channels": chan<void>: signals without a value.
#include <chrono>
#include <type_traits>

#include "tests/support/run.hpp"

namespace {

using namespace std::chrono_literals;
using weft_test::on_workers;
using weft_test::yield_until;

class VoidChannel : public on_workers {};
WEFT_ON_WORKERS(VoidChannel);

TEST_P(VoidChannel, ReceiveReturnsBool) {
  run([] {
    auto ch = weft::make_chan<void>(1);
    static_assert(std::is_same_v<decltype(ch.recv()), bool>);
    static_assert(std::is_same_v<decltype(ch.try_recv()), bool>);
    static_assert(std::is_same_v<decltype(ch.recv_for(1ms)), bool>);
    ch.send();
    EXPECT_TRUE(ch.recv());
    ch.send();
    EXPECT_TRUE(ch.try_recv());
    EXPECT_FALSE(ch.try_recv());
    EXPECT_FALSE(ch.recv_for(1ms));
    ch.send();
    EXPECT_TRUE(ch.recv_for(1ms));
    ch.close();
    EXPECT_FALSE(ch.recv());
    EXPECT_FALSE(ch.try_recv());
    EXPECT_FALSE(ch.recv_for(24h));
  });
}

TEST_P(VoidChannel, UnbufferedIsARendezvous) {
  run([] {
    auto ch = weft::make_chan<void>();
    std::atomic<bool> sent{false};
    auto sender = weft::spawn([&] {
      ch.send();
      sent = true;
    });
    weft_test::settle();
    EXPECT_FALSE(sent);
    EXPECT_TRUE(ch.recv());
    sender.join();
  });
}

TEST_P(VoidChannel, CountsInItsBuffer) {
  run([] {
    auto ch = weft::make_chan<void>(3);
    EXPECT_EQ(ch.cap(), 3u);
    EXPECT_TRUE(ch.try_send());
    EXPECT_TRUE(ch.try_send());
    EXPECT_TRUE(ch.try_send());
    EXPECT_FALSE(ch.try_send());
    EXPECT_EQ(ch.len(), 3u);
    ch.close();
    int n = 0;
    for (auto&& tag : ch) {
      static_assert(std::is_empty_v<std::remove_cvref_t<decltype(tag)>>);
      (void)tag;
      ++n;
    }
    EXPECT_EQ(n, 3);
    EXPECT_THROW(ch.send(), weft::closed_channel);
    EXPECT_THROW(ch.try_send(), weft::closed_channel);
    EXPECT_THROW(ch.close(), weft::closed_channel);
  });
}

TEST_P(VoidChannel, HasDirectionsNilAndIdentity) {
  run([] {
    auto ch = weft::make_chan<void>(1);
    const weft::send_chan<void> out = ch;
    const weft::recv_chan<void> in = ch;
    out.send();
    EXPECT_TRUE(in.recv());
    EXPECT_EQ(ch, weft::chan<void>(ch));
    const weft::chan<void> nil;
    EXPECT_FALSE(nil);
    EXPECT_FALSE(nil.try_send());
    EXPECT_FALSE(nil.try_recv());
  });
}

// Reading: in a select a send on chan<void> needs no value, and a receive takes a callback of
// nothing or none.
TEST_P(VoidChannel, StandsInASelect) {
  run([] {
    auto ch = weft::make_chan<void>(1);
    EXPECT_EQ(weft::select(weft::recv(ch), weft::otherwise()), 1);
    EXPECT_EQ(weft::select(weft::send(ch), weft::otherwise()), 0);
    EXPECT_EQ(weft::select(weft::send(ch), weft::otherwise()), 1);
    EXPECT_EQ(weft::select(weft::recv(ch), weft::otherwise()), 0);
    int calls = 0;
    EXPECT_EQ(weft::select(weft::send(ch, [&] { ++calls; })), 0);
    EXPECT_EQ(weft::select(weft::recv(ch, [&] { ++calls; })), 0);
    EXPECT_EQ(calls, 2);
    ch.close();
    EXPECT_EQ(weft::select(weft::recv(ch), weft::otherwise()), 0);
    EXPECT_THROW(weft::select(weft::send(ch), weft::otherwise()), weft::closed_channel);
  });
}

TEST_P(VoidChannel, ACloseTellsEveryone) {
  run([] {
    auto start = weft::make_chan<void>();
    std::atomic<int> ready{0}, started{0};
    weft::wait_group all;
    for (int i = 0; i < 20; ++i) {
      all.go([&] {
        ++ready;
        EXPECT_FALSE(start.recv());
        ++started;
      });
    }
    yield_until([&] { return ready == 20; });
    EXPECT_EQ(started, 0);
    start.close();
    all.wait();
    EXPECT_EQ(started, 20);
  });
}

}  // namespace
