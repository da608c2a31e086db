// SEMANTICS, "select": select_set, for a set of cases known at run time: the same cases, reusable.
#include <chrono>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/run.hpp"

namespace {

using namespace std::chrono_literals;
using weft_test::on_workers;

class SelectSet : public on_workers {};
WEFT_ON_WORKERS(SelectSet);

TEST_P(SelectSet, ReturnsTheIndexInTheOrderOfAdding) {
  run([] {
    auto empty = weft::make_chan<int>();
    auto ch = weft::make_chan<int>(1);
    ch.send(5);
    int v = 0, w = 0;
    weft::select_set set;
    set.recv(empty, v);
    set.recv(ch, w);
    EXPECT_EQ(set.wait(), 1);
    EXPECT_EQ(w, 5);
    EXPECT_EQ(v, 0);
  });
}

TEST_P(SelectSet, IsReusable) {
  run([] {
    auto ch = weft::make_chan<int>(1);
    auto out = weft::make_chan<int>(1);
    int v = 0;
    const int value = 7;
    weft::select_set set;
    set.recv(ch, v);
    set.send(out, value);
    for (int i = 0; i < 100; ++i) {
      EXPECT_EQ(set.wait(), 1);  // the buffer has room
      ch.send(i);
      EXPECT_EQ(set.wait(), 0);  // the buffer is full
      EXPECT_EQ(v, i);
      EXPECT_EQ(out.recv(), 7);
    }
  });
}

TEST_P(SelectSet, HoldsAHundredChannels) {
  run([] {
    constexpr int n = 100;
    std::vector<weft::chan<int>> channels;
    std::vector<int> values(n, -1);
    weft::select_set set;
    for (int i = 0; i < n; ++i) {
      channels.push_back(weft::make_chan<int>());
      set.recv(channels.back(), values[i]);
    }
    weft::wait_group senders;
    for (int i = 0; i < n; ++i) {
      senders.go([&, i] {
        for (int k = 0; k < 3; ++k) channels[i].send(i * 10 + k);
      });
    }
    std::vector<int> seen(n, 0);
    for (int k = 0; k < 3 * n; ++k) {
      const int i = set.wait();
      EXPECT_EQ(values[i], i * 10 + seen[i]);
      ++seen[i];
    }
    senders.wait();
    EXPECT_EQ(seen, std::vector<int>(n, 3));
  });
}

TEST_P(SelectSet, TakesTheCallbackForms) {
  run([] {
    auto ch = weft::make_chan<std::string>(1);
    auto out = weft::make_chan<int>(1);
    std::string log;
    const int one = 1;
    weft::select_set set;
    set.recv(ch, [&](std::optional<std::string> v) { log += v ? "got " + *v + "; " : "closed; "; });
    set.send(out, one, [&] { log += "sent; "; });
    set.timeout(1ms, [&] { log += "timeout; "; });
    EXPECT_EQ(set.wait(), 1);
    EXPECT_EQ(set.wait(), 2);
    ch.send("text");
    EXPECT_EQ(set.wait(), 0);
    EXPECT_EQ(set.wait(), 2);  // the timeout starts anew at each wait
    ch.close();
    EXPECT_EQ(set.wait(), 0);
    EXPECT_EQ(log, "sent; timeout; got text; timeout; closed; ");
  });
}

TEST_P(SelectSet, TakesOtherwiseAndTheFlagAndDroppedValues) {
  run([] {
    auto a = weft::make_chan<int>(1);
    auto b = weft::make_chan<int>(1);
    int v = 3;
    bool ok = true;
    weft::select_set set;
    set.recv(a, v, ok);
    set.recv(b);
    set.otherwise();
    EXPECT_EQ(set.wait(), 2);
    b.send(1);
    EXPECT_EQ(set.wait(), 1);
    EXPECT_EQ(b.len(), 0u);
    EXPECT_EQ(v, 3);
    a.close();
    EXPECT_EQ(set.wait(), 0);
    EXPECT_EQ(v, 0);
    EXPECT_FALSE(ok);
  });
}

TEST_P(SelectSet, TakesUntil) {
  run([] {
    auto empty = weft::make_chan<int>();
    weft::select_set set;
    set.recv(empty);
    set.until(std::chrono::steady_clock::now() + 1ms);
    EXPECT_EQ(set.wait(), 1);
    EXPECT_EQ(set.wait(), 1);  // an absolute time stays passed
  });
}

TEST_P(SelectSet, ASendOnAClosedChannelThrowsAndTheSetGoesOn) {
  run([] {
    auto out = weft::make_chan<int>(1);
    const int one = 1;
    weft::select_set set;
    set.send(out, one);
    EXPECT_EQ(set.wait(), 0);
    out.close();
    EXPECT_THROW(set.wait(), weft::closed_channel);
    EXPECT_THROW(set.wait(), weft::closed_channel);
  });
}

TEST_P(SelectSet, NilChannelsAreNeverReady) {
  run([] {
    const weft::chan<int> nil;
    weft::select_set set;
    set.recv(nil);
    set.timeout(1ms);
    EXPECT_EQ(set.wait(), 1);
  });
}

TEST_P(SelectSet, ObservesAllChannelsAtOnce) {
  run([] {
    for (int i = 0; i < 1000; ++i) {
      auto a = weft::make_chan<int>(1);
      auto b = weft::make_chan<int>(1);
      a.send(1);
      auto looking = weft::spawn([a, b] {
        weft::select_set set;
        set.recv(a);
        set.recv(b);
        set.otherwise();
        return set.wait();
      });
      b.send(1);
      a.try_recv();
      ASSERT_NE(looking.join(), 2) << "round " << i;
    }
  });
}

}  // namespace
