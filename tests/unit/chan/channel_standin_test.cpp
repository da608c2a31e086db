// Channels on the stand-in: every interleaving here is the test's own choice.
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstring>

#include <memory>
#include <string>
#include <thread>
#include <vector>
#include <weft/chan.hpp>
#include <weft/error.hpp>

#include "runtime/chan/chan_core.hpp"
#include "runtime/chan/chan_info.hpp"
#include "tests/support/standin/standin_scheduler.hpp"

namespace {

using namespace std::chrono_literals;
using standin::go;
using standin::settle;
using weft::chan_status;
using weft::make_chan;

// One after the other reaches its wait, also in builds in which calls yield at random.
weft::rt::task& go_and_settle(auto f) {
  weft::rt::task& t = go(std::move(f));
  settle();
  return t;
}

const weft::rt::chan_core* core_of(const auto& ch) {
  return &weft::rt::chan_core::of(weft::detail::chan_access::head(ch));
}

weft::rt::chan_info info(const auto& ch) { return weft::rt::describe_chan(core_of(ch)); }

TEST(ChannelStandin, UnbufferedHandsOverBothWays) {
  standin::run([] {
    auto ch = make_chan<int>();
    std::vector<std::string> log;
    go([&] {
      log.push_back("send");
      ch.send(1);
      log.push_back("sent");
    });
    settle();
    EXPECT_EQ(ch.recv(), 1);
    settle();
    EXPECT_EQ(log, (std::vector<std::string>{"send", "sent"}));
    go([&] { log.push_back("got " + std::to_string(*ch.recv())); });
    settle();
    ch.send(2);
    settle();
    EXPECT_EQ(log.back(), "got 2");
  });
}

TEST(ChannelStandin, WaitersAreServedInTheirOrder) {
  standin::run([] {
    for (std::size_t cap : {0u, 2u}) {
      auto ch = make_chan<int>(cap);
      for (int i = 0; i < 6; ++i) go_and_settle([ch, i] { ch.send(i); });
      EXPECT_EQ(info(ch).waiting_senders, 6 - cap);
      for (int i = 0; i < 6; ++i) EXPECT_EQ(ch.recv(), i);
      std::vector<std::pair<int, int>> got;
      for (int i = 0; i < 5; ++i) go_and_settle([&, i] { got.emplace_back(i, *ch.recv()); });
      EXPECT_EQ(info(ch).waiting_receivers, 5u);
      for (int i = 0; i < 5; ++i) ch.send(10 + i);
      settle();
      for (int i = 0; i < 5; ++i) EXPECT_EQ(got[static_cast<std::size_t>(i)], (std::pair(i, 10 + i)));
    }
  });
}

TEST(ChannelStandin, AWaitingSendersValueGoesBehindTheBufferedOnes) {
  standin::run([] {
    auto ch = make_chan<int>(3);
    for (int i = 0; i < 3; ++i) ch.send(i);
    go_and_settle([ch] { ch.send(3); });
    go_and_settle([ch] { ch.send(4); });
    EXPECT_EQ(ch.recv(), 0);
    EXPECT_EQ(ch.len(), 3u);  // the first who waited has taken the place
    settle();
    for (int i = 1; i < 5; ++i) EXPECT_EQ(ch.recv(), i);
    EXPECT_EQ(ch.len(), 0u);
  });
}

TEST(ChannelStandin, TheRingWrapsAtEveryPosition) {
  standin::run([] {
    for (std::size_t cap = 1; cap <= 5; ++cap) {
      auto ch = make_chan<std::string>(cap);
      int in = 0, out = 0;
      for (std::size_t lead = 1; lead <= cap; ++lead) {
        for (int round = 0; round < 12; ++round) {
          while (ch.len() < lead) ch.send(std::to_string(in++));
          EXPECT_EQ(ch.recv(), std::to_string(out++));
        }
      }
    }
  });
}

TEST(ChannelStandin, CellsOfEverySizeArriveWhole) {
  standin::run([] {
    const auto pass = [](auto value) {
      using T = decltype(value);
      for (std::size_t cap : {0u, 2u}) {
        auto ch = make_chan<T>(cap);
        go([ch, value] { ch.send(value); });
        settle();
        const std::optional<T> got = ch.recv();
        EXPECT_EQ(std::memcmp(&*got, &value, sizeof(T)), 0);
      }
    };
    pass('x');
    pass(short{-2});
    pass(7);
    pass(7.5);
    pass(std::array<char, 3>{1, 2, 3});
    pass(std::array<char, 12>{1, 2, 3});
    pass(std::array<char, 1024>{1, 2, 3});
    pass(std::array<char, 5000>{1, 2, 3});
    struct alignas(64) wide {
      char c[64];
    };
    pass(wide{{1, 2, 3}});
  });
}

TEST(ChannelStandin, CloseWakesAllInOrderAndTellsThem) {
  standin::run([] {
    auto empty = make_chan<int>();
    std::vector<int> woken;
    for (int i = 0; i < 4; ++i) {
      go_and_settle([&, i] {
        EXPECT_FALSE(empty.recv());
        woken.push_back(i);
      });
    }
    auto full = make_chan<std::string>();
    for (int i = 4; i < 8; ++i) {
      go_and_settle([&, i] {
        std::string mine(100, 'x');
        EXPECT_THROW(full.send(std::move(mine)), weft::closed_channel);
        EXPECT_EQ(mine, std::string(100, 'x'));
        woken.push_back(i);
      });
    }
    empty.close();
    full.close();
    settle();
    EXPECT_EQ(woken, (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7}));
  });
}

TEST(ChannelStandin, ATimedWaitThatIsOverLeavesNothingBehind) {
  const auto result = standin::run([] {
    auto ch = make_chan<std::unique_ptr<int>>();
    EXPECT_EQ(ch.recv_for(10s), std::nullopt);
    auto p = std::make_unique<int>(3);
    EXPECT_FALSE(ch.send_for(std::move(p), 10s));
    EXPECT_EQ(*p, 3);
    EXPECT_EQ(info(ch).waiting_senders + info(ch).waiting_receivers, 0u);
    EXPECT_FALSE(ch.try_send(std::move(p)));
    EXPECT_TRUE(p);
  });
  EXPECT_FALSE(result.deadlocked);
  EXPECT_GE(result.longest_wait_ns, std::chrono::nanoseconds(10s).count());
}

TEST(ChannelStandin, TheValueWinsOverATimeThatComesLater) {
  standin::run([] {
    auto ch = make_chan<int>();
    go([ch] { EXPECT_TRUE(ch.send_for(1, 20s)); });
    go([ch] {
      EXPECT_EQ(ch.recv_for(10s), 1);
      int v = 0;
      EXPECT_EQ(ch.recv_for(v, 10s), chan_status::timeout);
    });
  });
}

TEST(ChannelStandin, ACancelledWaiterIsSkippedAndItsFlagIsForgotten) {
  standin::run([] {
    auto ch = make_chan<int>();
    std::vector<int> got;
    auto& first = go_and_settle([&] {
      got.push_back(*ch.recv());
      ADD_FAILURE();
    });
    go_and_settle([&] { got.push_back(*ch.recv() + 100); });
    weft::rt::cancel_task(first);
    settle();
    EXPECT_TRUE(ch.try_send(1));
    settle();
    EXPECT_EQ(got, (std::vector<int>{101}));
    EXPECT_FALSE(ch.try_send(2));
    EXPECT_EQ(core_of(ch)->look(), 0u);
  });
}

TEST(ChannelStandin, TheLastWaiterThatGivesUpTakesTheFlagAlong) {
  standin::run([] {
    auto ch = make_chan<int>();
    auto& receiver = go_and_settle([&] { ch.recv(); });
    EXPECT_NE(core_of(ch)->look(), 0u);
    weft::rt::cancel_task(receiver);
    settle();
    EXPECT_EQ(core_of(ch)->look(), 0u);
    EXPECT_EQ(ch.recv_for(1ms), std::nullopt);
    EXPECT_EQ(core_of(ch)->look(), 0u);
  });
}

TEST(ChannelStandin, ACancelledSenderKeepsItsValue) {
  standin::run([] {
    auto ch = make_chan<std::string>(1);
    ch.send("there");
    auto& sender = go([&] {
      std::string mine = "mine";
      try {
        ch.send(std::move(mine));
        ADD_FAILURE();
      } catch (const weft::task_cancelled&) {
        EXPECT_EQ(mine, "mine");
        throw;
      }
    });
    settle();
    weft::rt::cancel_task(sender);
    settle();
    EXPECT_EQ(ch.recv(), "there");
    EXPECT_EQ(ch.try_recv(), std::nullopt);
  });
}

TEST(ChannelStandin, NilWaitsForEverOrUntilItsTime) {
  const auto result = standin::run([] {
    weft::chan<int> nil;
    EXPECT_EQ(nil.recv_for(1s), std::nullopt);
    EXPECT_FALSE(nil.send_for(1, 1s));
    EXPECT_FALSE(nil.try_send(1));
    int v = 0;
    EXPECT_EQ(nil.try_recv(v), chan_status::empty);
    EXPECT_THROW(nil.recv(), weft::deadlocked);
    EXPECT_THROW(nil.send(1), weft::deadlocked);
  });
  EXPECT_TRUE(result.deadlocked);
}

// The handle that a parked call was made through may end before the call.
TEST(ChannelStandin, WhoWaitsKeepsTheChannelWhenTheLastHandleGoes) {
  const auto result = standin::run([] {
    auto token = std::make_shared<int>(1);
    auto ch = std::make_unique<weft::chan<std::shared_ptr<int>>>(make_chan<std::shared_ptr<int>>(1));
    ch->send(token);
    weft::rt::task* waiting[3];
    waiting[0] = &go([&c = *ch, token] { c.send(token); });
    waiting[1] = &go([&c = *ch, token] { c.send_for(token, 1h); });
    waiting[2] = &go([&c = *ch, token] { c.send_for(token, 2h); });
    settle();
    ch.reset();
    settle();
    EXPECT_EQ(token.use_count(), 8);  // main, three closures, three on their way, one in the buffer
    for (auto* t : waiting) weft::rt::cancel_task(*t);
    settle();
    EXPECT_EQ(token.use_count(), 1);
  });
  EXPECT_FALSE(result.deadlocked);
}

}  // namespace

namespace {
struct counted_pointer {
  explicit counted_pointer(int v) : p(new int(v)) {}
  counted_pointer(counted_pointer&& o) noexcept : p(std::exchange(o.p, nullptr)) {}
  counted_pointer& operator=(counted_pointer&&) = delete;
  ~counted_pointer() { delete p; }
  int* p;
};
}  // namespace

template <>
struct weft::trivially_relocatable<counted_pointer> : std::true_type {};

namespace {

TEST(ChannelStandin, ARelocatedTypeTravelsWithoutABox) {
  static_assert(weft::detail::cell_kind_of<counted_pointer>() ==
                weft::detail::cell_kind::relocated);
  standin::run([] {
    for (std::size_t cap : {0u, 2u}) {
      auto ch = make_chan<counted_pointer>(cap);
      go([ch] {
        for (int i = 0; i < 6; ++i) ch.send(counted_pointer(i));
      });
      for (int i = 0; i < 4; ++i) EXPECT_EQ(*ch.recv()->p, i);
      settle();
      EXPECT_EQ(*ch.recv()->p, 4);
      settle();
      counted_pointer mine(7);
      if (cap == 0) {
        EXPECT_EQ(*ch.recv()->p, 5);
        EXPECT_FALSE(ch.send_for(std::move(mine), 1s));
        EXPECT_EQ(*mine.p, 7);
        ch.close();
        EXPECT_THROW(ch.send(std::move(mine)), weft::closed_channel);
        EXPECT_EQ(*mine.p, 7);
      } else {
        ch.send(std::move(mine));  // two are left: the leak checker sees whether they end
        EXPECT_EQ(mine.p, nullptr);
      }
    }
  });
}

TEST(ChannelStandin, TheReportKnowsItsTypeAndPlace) {
  standin::run([] {
    auto ch = make_chan<int>(3);
    ch.send(1);
    auto i = info(ch);
    EXPECT_EQ(i.type, "int");
    EXPECT_EQ(i.cap, 3u);
    EXPECT_EQ(i.len, 1u);
    EXPECT_EQ(i.handles, 1u);
    EXPECT_FALSE(i.closed);
    EXPECT_NE(i.made_at, nullptr);
    EXPECT_NE(info(make_chan<std::string>()).type.find("string"), std::string_view::npos);
    EXPECT_EQ(info(make_chan<void>()).type, "void");
    EXPECT_EQ(weft::rt::describe_chan(nullptr).cap, 0u);
  });
}

TEST(ChannelStandin, ACapacityThatNoMemoryHoldsIsAnError) {
  EXPECT_THROW((void)make_chan<int>(SIZE_MAX), weft::error);
  EXPECT_THROW((void)make_chan<void>(SIZE_MAX), weft::error);
  EXPECT_THROW((void)make_chan<int>(SIZE_MAX / 8), weft::error);
}

// Threads that run no task use the same channels, and block as threads.
TEST(ChannelStandin, ForeignThreadsSendAndReceive) {
  const auto result = standin::run([] {
    auto in = make_chan<std::string>();
    auto out = make_chan<int>(1);
    auto open = std::make_unique<standin::outside>();
    std::thread other([in, out] {
      int total = 0;
      for (auto&& s : in) total += static_cast<int>(s.size());
      out.send(total);
      EXPECT_EQ(out.recv_for(0s), total);
      out.send(total);
    });
    for (int i = 0; i < 100; ++i) in.send(std::string(static_cast<std::size_t>(i), 'x'));
    in.close();
    other.join();
    open.reset();
    EXPECT_EQ(out.recv(), 4950);
  });
  EXPECT_FALSE(result.deadlocked);
}

TEST(ChannelStandin, ThreadsAloneNeedNoRuntime) {
  auto ch = make_chan<int>();
  auto back = make_chan<void>();
  std::thread other([ch, back] {
    for (int i = 0; i < 1000; ++i) ch.send(i);
    EXPECT_FALSE(back.recv());
    EXPECT_FALSE(ch.send_for(1, 1ms));
  });
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(ch.recv(), i);
  back.close();
  other.join();
}

}  // namespace
