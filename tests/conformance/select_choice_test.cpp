// SEMANTICS, "select": which case runs: the index, exactly one, uniformly at random, otherwise,
// nil, closed, none.
#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <vector>

#include "tests/support/run.hpp"

namespace {

using namespace std::chrono_literals;
using weft_test::ended;
using weft_test::how_it_ends_at_main_end;
using weft_test::on_workers;
using weft_test::settle;
using weft_test::yield_until;

class SelectChoice : public on_workers {};
WEFT_ON_WORKERS(SelectChoice);

weft::chan<int> holding(int v) {
  auto ch = weft::make_chan<int>(1);
  ch.send(v);
  return ch;
}

TEST_P(SelectChoice, ReturnsTheIndexOfTheCaseThatRan) {
  run([] {
    auto empty = weft::make_chan<int>(1);
    auto full = holding(1);
    int v = 0;
    EXPECT_EQ(weft::select(weft::recv(full, v)), 0);
    EXPECT_EQ(weft::select(weft::recv(empty, v), weft::send(full, 1)), 1);
    EXPECT_EQ(weft::select(weft::send(full, 2), weft::recv(empty, v), weft::recv(full, v)), 2);
    EXPECT_EQ(weft::select(weft::recv(empty, v), weft::recv(full, v), weft::otherwise()), 2);
    EXPECT_EQ(weft::select(weft::otherwise(), weft::recv(empty, v)), 0);
    EXPECT_EQ(weft::select(weft::recv(empty, v), weft::timeout(1ms), weft::recv(full, v)), 1);
  });
}

TEST_P(SelectChoice, TheSwitchForm) {
  run([] {
    auto a = weft::make_chan<int>(1);
    auto b = holding(4);
    int v = 0, w = 0;
    bool ok = false;
    switch (weft::select(weft::recv(a, v), weft::recv(b, w, ok), weft::otherwise())) {
      case 1:
        EXPECT_EQ(w, 4);
        EXPECT_TRUE(ok);
        break;
      default:
        ADD_FAILURE();
    }
  });
}

TEST_P(SelectChoice, ExactlyOneRunsWhenSeveralCan) {
  run([] {
    for (int i = 0; i < 300; ++i) {
      auto a = holding(1);
      auto b = holding(2);
      auto c = weft::make_chan<int>(1);
      int ran = 0;
      const int index =
          weft::select(weft::recv(a, [&](int) { ++ran; }), weft::recv(b, [&](int) { ++ran; }),
                       weft::send(c, 3, [&] { ++ran; }));
      EXPECT_EQ(ran, 1);
      EXPECT_EQ(a.len(), index == 0 ? 0u : 1u);
      EXPECT_EQ(b.len(), index == 1 ? 0u : 1u);
      EXPECT_EQ(c.len(), index == 2 ? 1u : 0u);
    }
  });
}

TEST_P(SelectChoice, ExactlyOneRunsWhenItWaited) {
  run([] {
    for (int i = 0; i < 100; ++i) {
      auto a = weft::make_chan<int>();
      auto b = weft::make_chan<int>();
      std::atomic<int> sent{0};
      const auto try_for_a_while = [&sent](weft::chan<int> ch) {
        while (sent == 0) {
          if (ch.send_for(1, 1ms)) ++sent;
        }
      };
      auto t = weft::spawn(try_for_a_while, a);
      auto u = weft::spawn(try_for_a_while, b);
      int ran = 0;
      weft::select(weft::recv(a, [&](int) { ++ran; }), weft::recv(b, [&](int) { ++ran; }),
                   weft::timeout(24h));
      t.join();
      u.join();
      EXPECT_EQ(ran, 1);
      EXPECT_EQ(sent, 1);
    }
  });
}

// n choices among k ready cases: each count is binomial with p = 1/k. Six standard deviations are
// exceeded by chance about twice in a thousand million.
void expect_uniform(const std::vector<int>& counts) {
  int n = 0;
  for (int c : counts) n += c;
  const double p = 1.0 / static_cast<double>(counts.size());
  const double mean = n * p;
  const double bound = 6 * std::sqrt(n * p * (1 - p));
  for (std::size_t i = 0; i < counts.size(); ++i) {
    EXPECT_NEAR(counts[i], mean, bound) << "case " << i << " of " << counts.size();
  }
}

TEST_P(SelectChoice, IsUniformAmongReadyReceives) {
  run([] {
    constexpr int n = 10'000;
    std::vector<int> counts(5);
    std::array<weft::chan<int>, 5> ch;
    for (auto& c : ch) c = holding(0);
    for (int i = 0; i < n; ++i) {
      const int index = weft::select(weft::recv(ch[0]), weft::recv(ch[1]), weft::recv(ch[2]),
                                     weft::recv(ch[3]), weft::recv(ch[4]));
      ++counts[index];
      ch[index].send(0);
    }
    expect_uniform(counts);
  });
}

TEST_P(SelectChoice, IsUniformAmongReceivesAndSends) {
  run([] {
    constexpr int n = 10'000;
    std::vector<int> counts(4);
    auto in = holding(0), in2 = holding(0);
    auto out = weft::make_chan<int>(1), out2 = weft::make_chan<int>(1);
    for (int i = 0; i < n; ++i) {
      const int index =
          weft::select(weft::recv(in), weft::send(out, 1), weft::recv(in2), weft::send(out2, 1));
      ++counts[index];
      switch (index) {
        case 0:
          in.send(0);
          break;
        case 1:
          out.recv();
          break;
        case 2:
          in2.send(0);
          break;
        case 3:
          out2.recv();
          break;
      }
    }
    expect_uniform(counts);
  });
}

TEST_P(SelectChoice, IsUniformAmongTheReadyOnesWhereverTheyStand) {
  run([] {
    constexpr int n = 6'000;
    std::vector<int> counts(3);
    const weft::chan<int> nil;
    auto empty = weft::make_chan<int>();
    auto closed = weft::make_chan<int>();
    closed.close();
    auto a = holding(0);
    auto out = weft::make_chan<int>(1);
    for (int i = 0; i < n; ++i) {
      switch (weft::select(weft::recv(nil), weft::recv(a), weft::recv(empty), weft::send(nil, 1),
                           weft::recv(closed), weft::send(empty, 2), weft::send(out, 3),
                           weft::otherwise())) {
        case 1:
          ++counts[0];
          a.send(0);
          break;
        case 4:
          ++counts[1];
          break;
        case 6:
          ++counts[2];
          out.recv();
          break;
        default:
          ADD_FAILURE();
      }
    }
    expect_uniform(counts);
  });
}

TEST_P(SelectChoice, IsUniformAmongDuplicatesOfOneChannel) {
  run([] {
    constexpr int n = 6'000;
    std::vector<int> counts(3);
    auto ch = weft::make_chan<int>();
    ch.close();
    for (int i = 0; i < n; ++i)
      ++counts[weft::select(weft::recv(ch), weft::recv(ch), weft::recv(ch))];
    expect_uniform(counts);
  });
}

TEST_P(SelectChoice, IsUniformInASelectSet) {
  run([] {
    constexpr int n = 6'000;
    constexpr std::size_t k = 7;
    std::vector<int> counts(k);
    auto ch = weft::make_chan<int>();
    ch.close();
    weft::select_set set;
    for (std::size_t i = 0; i < k; ++i) set.recv(ch);
    for (int i = 0; i < n; ++i) ++counts[set.wait()];
    expect_uniform(counts);
  });
}

TEST_P(SelectChoice, IsUniformBetweenWaitingSenders) {
  run([] {
    // Two tasks always wait with a value; both are served about equally often.
    constexpr int n = 4'000;
    std::vector<int> counts(2);
    auto a = weft::make_chan<int>();
    auto b = weft::make_chan<int>();
    const auto feed = [](weft::chan<int> ch) {
      for (;;) ch.send(1);
    };
    weft::go(feed, a);
    weft::go(feed, b);
    for (int i = 0; i < n; ++i) {
      // Make sure that both are there: only then is there a choice.
      int x = -1;
      yield_until([&] {
        x = weft::select(weft::recv(a), weft::recv(b), weft::otherwise());
        return x != 2;
      });
      ++counts[x];
      for (int j = 0; j < 3; ++j) weft::this_task::yield();
    }
    // No exact law here: who comes late misses a turn. But nobody is left out.
    EXPECT_GT(counts[0], n / 10);
    EXPECT_GT(counts[1], n / 10);
  });
}

TEST_P(SelectChoice, OtherwiseMakesItNeverWait) {
  run([] {
    auto empty = weft::make_chan<int>();
    const weft::chan<int> nil;
    int called = 0;
    EXPECT_EQ(weft::select(weft::otherwise()), 0);
    EXPECT_EQ(weft::select(weft::recv(empty), weft::send(empty, 1), weft::recv(nil),
                           weft::send(nil, 1), weft::otherwise([&] { ++called; })),
              4);
    EXPECT_EQ(called, 1);
  });
}

TEST_P(SelectChoice, OtherwiseIsNotTakenWhenACaseIsReady) {
  run([] {
    auto ch = holding(1);
    for (int i = 0; i < 200; ++i) {
      EXPECT_EQ(weft::select(weft::otherwise(), weft::recv(ch)), 1);
      EXPECT_EQ(weft::select(weft::send(ch, 1), weft::otherwise()), 0);
    }
  });
}

TEST_P(SelectChoice, NilChannelsAreNeverReady) {
  run([] {
    const weft::chan<int> nil;
    int v = 0;
    EXPECT_EQ(weft::select(weft::recv(nil, v), weft::send(nil, 1), weft::timeout(1ms)), 2);
    auto ch = holding(1);
    for (int i = 0; i < 50; ++i) {
      EXPECT_EQ(weft::select(weft::recv(nil, v), weft::recv(ch, v), weft::send(nil, 1)), 1);
      ch.send(i);
    }
  });
}

TEST_P(SelectChoice, OnlyNilChannelsWaitForEver) {
  EXPECT_EQ(
      how_it_ends_at_main_end(
          GetParam(),
          [] { weft::select(weft::recv(weft::chan<int>()), weft::send(weft::chan<int>(), 1)); }),
      ended::cancelled);
}

TEST_P(SelectChoice, NoCasesWaitForEver) {
  EXPECT_EQ(how_it_ends_at_main_end(GetParam(), [] { weft::select(); }), ended::cancelled);
  EXPECT_EQ(how_it_ends_at_main_end(GetParam(),
                                    [] {
                                      weft::select_set none;
                                      none.wait();
                                    }),
            ended::cancelled);
}

TEST_P(SelectChoice, ASendOnAClosedChannelIsReadyAndThrowsWhenChosen) {
  run([] {
    auto closed = weft::make_chan<int>(1);
    closed.close();
    EXPECT_THROW(weft::select(weft::send(closed, 1)), weft::closed_channel);
    EXPECT_THROW(weft::select(weft::send(closed, 1), weft::otherwise()), weft::closed_channel);
    EXPECT_THROW(weft::select(weft::send(closed, 1), weft::timeout(24h)), weft::closed_channel);
    // Ready is not the same as chosen: the other case is taken about half of the time.
    auto ch = holding(1);
    int thrown = 0, received = 0;
    for (int i = 0; i < 1000; ++i) {
      try {
        EXPECT_EQ(weft::select(weft::send(closed, 1, [] { ADD_FAILURE(); }), weft::recv(ch)), 1);
        ++received;
        ch.send(1);
      } catch (const weft::closed_channel&) {
        ++thrown;
        EXPECT_EQ(ch.len(), 1u);
      }
    }
    EXPECT_GT(thrown, 300);
    EXPECT_GT(received, 300);
  });
}

TEST_P(SelectChoice, ACloseWakesAWaitingSend) {
  run([] {
    auto a = weft::make_chan<int>();
    auto b = weft::make_chan<int>();
    std::atomic<bool> started{false};
    auto t = weft::spawn([&] {
      started = true;
      EXPECT_THROW(weft::select(weft::recv(a), weft::send(b, 1)), weft::closed_channel);
    });
    yield_until(started);
    settle();
    b.close();
    t.join();
  });
}

TEST_P(SelectChoice, AClosedChannelIsReadyToReceive) {
  run([] {
    auto closed = weft::make_chan<int>();
    closed.close();
    int v = 3;
    bool ok = true;
    EXPECT_EQ(weft::select(weft::recv(weft::chan<int>()), weft::recv(closed, v, ok)), 1);
    EXPECT_FALSE(ok);
  });
}

}  // namespace
