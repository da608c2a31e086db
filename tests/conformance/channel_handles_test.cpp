// SEMANTICS, "Channels": a channel is a reference; nil; directions; len and cap; ==, bool and hash.
#include <type_traits>
#include <unordered_map>
#include <unordered_set>

#include "tests/support/run.hpp"

namespace {

using weft_test::on_workers;

class ChannelHandles : public on_workers {};
WEFT_ON_WORKERS(ChannelHandles);

TEST_P(ChannelHandles, CopiesAreTheSameChannel) {
  run([] {
    const auto a = weft::make_chan<int>(2);
    const auto b = a;
    weft::chan<int> c;
    c = b;
    a.send(1);
    b.send(2);
    EXPECT_EQ(c.recv(), 1);
    EXPECT_EQ(c.len(), 1u);
    b.close();
    EXPECT_EQ(a.recv(), 2);
    EXPECT_EQ(a.recv(), std::nullopt);
  });
}

TEST_P(ChannelHandles, AllOperationsAreConst) {
  run([] {
    const weft::chan<int> ch = weft::make_chan<int>(1);
    ch.send(1);
    EXPECT_EQ(ch.recv(), 1);
    EXPECT_TRUE(ch.try_send(2));
    for (int i = 0; i < 1; ++i) {
      const auto [v, ok] = ch.recv_ok();
      EXPECT_EQ(v, 2);
      EXPECT_TRUE(ok);
    }
    EXPECT_EQ(ch.len(), 0u);
    ch.close();
    for (int v : ch) ADD_FAILURE() << v;
  });
}

TEST_P(ChannelHandles, DefaultConstructedIsNil) {
  run([] {
    const weft::chan<int> nil;
    EXPECT_FALSE(nil);
    EXPECT_EQ(nil, weft::chan<int>());
    EXPECT_EQ(nil.len(), 0u);
    EXPECT_EQ(nil.cap(), 0u);
    EXPECT_FALSE(weft::send_chan<int>());
    EXPECT_FALSE(weft::recv_chan<int>());
  });
}

TEST_P(ChannelHandles, BoolMeansNotNil) {
  run([] {
    auto ch = weft::make_chan<int>();
    EXPECT_TRUE(ch);
    ch.close();
    EXPECT_TRUE(ch);
    static_assert(!std::is_convertible_v<weft::chan<int>, bool>);
    static_assert(!std::is_convertible_v<weft::chan<int>, int>);
  });
}

TEST_P(ChannelHandles, AMovedFromHandleIsNil) {
  run([] {
    auto a = weft::make_chan<int>(1);
    auto b = std::move(a);
    EXPECT_FALSE(a);  // NOLINT(bugprone-use-after-move): that is the question
    EXPECT_TRUE(b);
  });
}

TEST_P(ChannelHandles, LenCountsBufferedValuesAndCapIsTheBuffer) {
  run([] {
    auto ch = weft::make_chan<int>(3);
    EXPECT_EQ(ch.cap(), 3u);
    for (std::size_t i = 0; i < 3; ++i) {
      EXPECT_EQ(ch.len(), i);
      ch.send(0);
    }
    EXPECT_EQ(ch.len(), 3u);
    ch.recv();
    EXPECT_EQ(ch.len(), 2u);
    EXPECT_EQ(ch.cap(), 3u);
    EXPECT_EQ(weft::make_chan<int>().cap(), 0u);
    EXPECT_EQ(weft::make_chan<int>().len(), 0u);
    EXPECT_EQ(weft::make_chan<int>(0).cap(), 0u);
  });
}

TEST_P(ChannelHandles, LenOfAnUnbufferedChannelStaysZeroWithWaitingSenders) {
  run([] {
    auto ch = weft::make_chan<int>();
    std::atomic<bool> started{false};
    auto sender = weft::spawn([&] {
      started = true;
      ch.send(1);
    });
    weft_test::yield_until(started);
    weft_test::settle();
    EXPECT_EQ(ch.len(), 0u);
    EXPECT_EQ(ch.recv(), 1);
    sender.join();
  });
}

TEST_P(ChannelHandles, EqualityIsIdentity) {
  run([] {
    const auto a = weft::make_chan<int>(1);
    const auto b = weft::make_chan<int>(1);
    const auto a2 = a;
    EXPECT_TRUE(a == a2);
    EXPECT_FALSE(a == b);
    EXPECT_TRUE(a != b);
    EXPECT_FALSE(a == weft::chan<int>());
    const weft::send_chan<int> sa = a, sb = b;
    const weft::recv_chan<int> ra = a, rb = b;
    EXPECT_TRUE(sa == weft::send_chan<int>(a2));
    EXPECT_FALSE(sa == sb);
    EXPECT_TRUE(ra == weft::recv_chan<int>(a2));
    EXPECT_FALSE(ra == rb);
  });
}

TEST_P(ChannelHandles, HashAgreesWithEquality) {
  run([] {
    const auto a = weft::make_chan<int>();
    const auto b = weft::make_chan<int>();
    std::unordered_map<weft::chan<int>, int> numbers{{a, 1}, {b, 2}};
    EXPECT_EQ(numbers.at(weft::chan<int>(a)), 1);
    EXPECT_EQ(numbers.at(b), 2);
    EXPECT_EQ(std::hash<weft::chan<int>>()(a), std::hash<weft::chan<int>>()(weft::chan<int>(a)));
    std::unordered_set<weft::chan<int>> distinct;
    for (int i = 0; i < 50; ++i) distinct.insert(weft::make_chan<int>());
    EXPECT_LE(distinct.size(), 50u);
    EXPECT_EQ(std::unordered_set<weft::recv_chan<int>>({a, a, b}).size(), 2u);
    EXPECT_EQ(std::unordered_set<weft::send_chan<int>>({a, a, b}).size(), 2u);
  });
}

TEST(ChannelDirections, AreImplicitFromChanAndNeverGoBack) {
  using both = weft::chan<int>;
  using sends = weft::send_chan<int>;
  using receives = weft::recv_chan<int>;
  static_assert(std::is_convertible_v<both, sends>);
  static_assert(std::is_convertible_v<both, receives>);
  static_assert(!std::is_constructible_v<both, sends>);
  static_assert(!std::is_constructible_v<both, receives>);
  static_assert(!std::is_constructible_v<sends, receives>);
  static_assert(!std::is_constructible_v<receives, sends>);
  static_assert(!std::is_assignable_v<both&, sends>);
  static_assert(!std::is_assignable_v<both&, receives>);
  static_assert(!std::is_constructible_v<weft::chan<long>, both>);
}

template <class C>
concept can_send = requires(const C& c) {
  c.send(1);
};
template <class C>
concept can_recv = requires(const C& c) {
  c.recv();
};
template <class C>
concept can_try_send = requires(const C& c) {
  c.try_send(1);
};
template <class C>
concept can_try_recv = requires(const C& c) {
  c.try_recv();
};
template <class C>
concept can_close = requires(const C& c) {
  c.close();
};
template <class C>
concept can_range = requires(const C& c) {
  c.begin();
};

TEST(ChannelDirections, EachHasItsOperationsOnly) {
  static_assert(can_send<weft::chan<int>> && can_recv<weft::chan<int>> &&
                can_close<weft::chan<int>>);
  static_assert(can_send<weft::send_chan<int>> && can_try_send<weft::send_chan<int>>);
  static_assert(!can_recv<weft::send_chan<int>> && !can_try_recv<weft::send_chan<int>>);
  static_assert(!can_range<weft::send_chan<int>>);
  static_assert(can_recv<weft::recv_chan<int>> && can_try_recv<weft::recv_chan<int>>);
  static_assert(!can_send<weft::recv_chan<int>> && !can_try_send<weft::recv_chan<int>>);
  static_assert(can_close<weft::send_chan<int>>);
  static_assert(!can_close<weft::recv_chan<int>>);
}

int first_of(weft::recv_chan<int> in) {
  return in.recv().value();
}
void fill(weft::send_chan<int> out) {
  out.send(5);
  out.close();
}

TEST_P(ChannelHandles, DirectionsAreTheSameChannel) {
  run([] {
    auto ch = weft::make_chan<int>(1);
    fill(ch);
    EXPECT_EQ(weft::send_chan<int>(ch).len(), 1u);
    EXPECT_EQ(weft::recv_chan<int>(ch).cap(), 1u);
    EXPECT_EQ(first_of(ch), 5);
    const weft::recv_chan<int> in = ch;
    for (int v : in) ADD_FAILURE() << v;
    EXPECT_EQ(in.recv(), std::nullopt);
    EXPECT_THROW(weft::send_chan<int>(ch).send(1), weft::closed_channel);
    EXPECT_THROW(weft::send_chan<int>(ch).close(), weft::closed_channel);
    EXPECT_THROW(weft::send_chan<int>().close(), weft::closed_channel);
  });
}

TEST_P(ChannelHandles, AChannelOfChannels) {
  run([] {
    auto requests = weft::make_chan<weft::send_chan<int>>();
    weft::go([requests] {
      while (auto reply = requests.recv()) reply->send(17);
    });
    for (int i = 0; i < 3; ++i) {
      auto reply = weft::make_chan<int>();
      requests.send(reply);
      EXPECT_EQ(reply.recv(), 17);
    }
    requests.close();
  });
}

}  // namespace
