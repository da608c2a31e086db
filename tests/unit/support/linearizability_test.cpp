// The checker of channel histories: it accepts what channels may show and nothing else.
#include "tests/support/linearizability.hpp"

#include <gtest/gtest.h>

namespace {

using weft_test::chan_call;
using weft_test::chan_case;
using weft_test::is_linearizable;
using direction = weft_test::chan_case::direction;

chan_call call(std::uint64_t began, std::uint64_t ended) {
  chan_call c;
  c.began = began;
  c.ended = ended;
  return c;
}
chan_call send(std::uint64_t began, std::uint64_t ended, int value, std::size_t channel = 0) {
  chan_call c = call(began, ended);
  c.cases = {{direction::send, channel, value}};
  return c;
}
chan_call recv(std::uint64_t began, std::uint64_t ended, std::optional<int> got,
               std::size_t channel = 0) {
  chan_call c = call(began, ended);
  c.cases = {{direction::recv, channel}};
  c.got = got;
  return c;
}
chan_call close(std::uint64_t began, std::uint64_t ended) {
  chan_call c = call(began, ended);
  c.closes = true;
  return c;
}
chan_call skipped(chan_call c) {
  c.may_skip = true;
  c.chosen = c.cases.size();
  return c;
}
chan_call threw(chan_call c) {
  c.threw = true;
  return c;
}

TEST(Linearizability, ValuesKeepTheirOrder) {
  EXPECT_TRUE(is_linearizable({send(1, 2, 7), send(3, 4, 8), recv(5, 6, 7), recv(7, 8, 8)}, {2}));
  EXPECT_FALSE(is_linearizable({send(1, 2, 7), send(3, 4, 8), recv(5, 6, 8), recv(7, 8, 7)}, {2}));
  EXPECT_TRUE(is_linearizable({send(1, 4, 7), send(2, 3, 8), recv(5, 6, 8), recv(7, 8, 7)}, {2}))
      << "sends that overlap may take effect in either order";
}

TEST(Linearizability, AValueIsReceivedOnceAndNotBeforeItIsSent) {
  EXPECT_FALSE(is_linearizable({send(1, 2, 7), recv(3, 4, 7), recv(5, 6, 7)}, {2}));
  EXPECT_FALSE(is_linearizable({recv(1, 2, 7), send(3, 4, 7)}, {1}));
  EXPECT_TRUE(is_linearizable({recv(1, 4, 7), send(2, 3, 7)}, {1}));
}

TEST(Linearizability, ABufferHoldsNoMoreThanItsCapacity) {
  EXPECT_FALSE(is_linearizable({send(1, 2, 7), send(3, 4, 8)}, {1}));
  EXPECT_TRUE(is_linearizable({send(1, 2, 7), send(3, 6, 8), recv(4, 5, 7)}, {1}));
}

TEST(Linearizability, SkippingNeedsAMomentAtWhichNothingWasReady) {
  EXPECT_TRUE(is_linearizable({send(1, 2, 7), skipped(send(3, 4, 8))}, {1}));
  EXPECT_FALSE(is_linearizable({skipped(send(1, 2, 8))}, {1}));
  EXPECT_FALSE(is_linearizable({send(1, 2, 7), skipped(recv(3, 4, {}))}, {1}));
  EXPECT_TRUE(is_linearizable({send(1, 3, 7), skipped(recv(2, 4, {}))}, {1}));
  EXPECT_FALSE(is_linearizable({close(1, 2), skipped(recv(3, 4, {}))}, {1}));

  // A value goes to the second channel before it is taken from the first: one always has it.
  chan_call both = skipped(recv(3, 8, {}, 0));
  both.cases.push_back({direction::recv, 1});
  both.chosen = 2;
  EXPECT_FALSE(
      is_linearizable({send(1, 2, 7, 0), both, send(4, 5, 8, 1), recv(6, 7, 7, 0)}, {1, 1}));
  EXPECT_TRUE(
      is_linearizable({send(1, 2, 7, 0), both, recv(4, 5, 7, 0), send(6, 7, 8, 1)}, {1, 1}));
}

TEST(Linearizability, UnbufferedSendersAndReceiversMeet) {
  EXPECT_TRUE(is_linearizable({send(1, 3, 7), recv(2, 4, 7)}, {0}));
  EXPECT_FALSE(is_linearizable({send(1, 2, 7), recv(3, 4, 7)}, {0}));
  EXPECT_FALSE(is_linearizable({send(1, 3, 7)}, {0}));
  EXPECT_TRUE(is_linearizable({skipped(send(1, 3, 7)), skipped(recv(2, 4, {}))}, {0}));
}

TEST(Linearizability, AfterCloseSendsThrowAndReceiversGetWhatIsLeft) {
  EXPECT_TRUE(is_linearizable({send(1, 2, 7), close(3, 4), recv(5, 6, 7), recv(7, 8, {})}, {1}));
  EXPECT_FALSE(is_linearizable({send(1, 2, 7), close(3, 4), recv(5, 6, {})}, {1}));
  EXPECT_FALSE(is_linearizable({recv(1, 2, {}), close(3, 4)}, {1}));
  EXPECT_TRUE(is_linearizable({recv(1, 4, {}), close(2, 3)}, {1}));
  EXPECT_FALSE(is_linearizable({close(1, 2), send(3, 4, 7)}, {1}));
  EXPECT_TRUE(is_linearizable({close(1, 2), threw(send(3, 4, 7)), threw(close(5, 6))}, {1}));
  EXPECT_FALSE(is_linearizable({threw(send(1, 2, 7)), close(3, 4)}, {1}));
  EXPECT_FALSE(is_linearizable({close(1, 2), close(3, 4)}, {0}));
}

}  // namespace
