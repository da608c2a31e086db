// SEMANTICS, "select": the same channel may stand in several cases, in both directions; a select
// never talks to itself.
#include <chrono>
#include <vector>

#include "tests/support/run.hpp"

namespace {

using namespace std::chrono_literals;
using weft_test::on_workers;
using weft_test::settle;
using weft_test::yield_until;

class SelectSelf : public on_workers {};
WEFT_ON_WORKERS(SelectSelf);

TEST_P(SelectSelf, DoesNotTalkToItself) {
  run([] {
    auto ch = weft::make_chan<int>();
    int v = 5;
    EXPECT_EQ(weft::select(weft::send(ch, 1), weft::recv(ch, v), weft::otherwise()), 2);
    EXPECT_EQ(weft::select(weft::recv(ch, v), weft::send(ch, 1), weft::timeout(2ms)), 2);
    EXPECT_EQ(weft::select(weft::recv(ch, v), weft::recv(ch, v), weft::send(ch, 1),
                           weft::send(ch, 2), weft::timeout(1ms)),
              4);
    EXPECT_EQ(v, 5);
  });
}

TEST_P(SelectSelf, WaitsForEverWithItselfAlone) {
  EXPECT_EQ(weft_test::how_it_ends_at_main_end(GetParam(),
                                               [] {
                                                 auto ch = weft::make_chan<int>();
                                                 int v = 0;
                                                 weft::select(weft::send(ch, 1), weft::recv(ch, v));
                                               }),
            weft_test::ended::cancelled);
}

// Two tasks that both offer and ask on the same channel: at each meeting one sends and the other
// receives.
TEST_P(SelectSelf, TwoThatOfferAndAskMeet) {
  run([] {
    for (std::size_t capacity : {0u, 1u, 10u}) {
      auto ch = weft::make_chan<int>(capacity);
      constexpr int n = 1000;
      std::atomic<long> sent{0}, received{0};
      const auto talk = [&](int me) {
        for (int i = 0; i < n; ++i) {
          int v = -1;
          const int index = i % 2 == 0 ? weft::select(weft::send(ch, me), weft::recv(ch, v))
                                       : 1 - weft::select(weft::recv(ch, v), weft::send(ch, me));
          if (index == 0) {
            ++sent;
          } else {
            ++received;
            if (ch.cap() == 0) {
              EXPECT_EQ(v, 1 - me) << "a select received from itself";
            }
          }
        }
      };
      auto a = weft::spawn(talk, 0);
      auto b = weft::spawn(talk, 1);
      a.join();
      b.join();
      EXPECT_EQ(sent, received + static_cast<long>(ch.len()));
      if (capacity == 0) {
        EXPECT_EQ(sent, n);
      }
    }
  });
}

TEST_P(SelectSelf, ManyThatOfferAndAskMeet) {
  run([] {
    auto ch = weft::make_chan<int>();
    constexpr int tasks = 6,
                  n = 300;  // tasks * n is even, and a last one alone is helped out below
    std::atomic<long> sent{0}, received{0};
    std::atomic<int> running{tasks};
    weft::wait_group all;
    for (int t = 0; t < tasks; ++t) {
      all.go([&, t] {
        for (int i = 0; i < n; ++i) {
          int v = t;
          switch (weft::select(weft::recv(ch, v), weft::send(ch, t))) {
            case 0:
              ++received;
              EXPECT_NE(v, t);
              break;
            case 1:
              ++sent;
              break;
          }
        }
        --running;
      });
    }
    // The others may be done while one still waits for a partner: be the partner.
    yield_until([&] {
      if (running == 1) {
        if (ch.try_send(-1)) ++sent;
      }
      return running == 0;
    });
    all.wait();
    EXPECT_EQ(sent, received);
  });
}

TEST_P(SelectSelf, DuplicatesReceiveOnce) {
  run([] {
    auto ch = weft::make_chan<int>();
    for (int i = 0; i < 200; ++i) {
      auto sender = weft::spawn([&] { ch.send(i); });
      int u = -1, v = -1, w = -1;
      const int index = weft::select(weft::recv(ch, u), weft::recv(ch, v), weft::recv(ch, w));
      EXPECT_EQ(u, index == 0 ? i : -1);
      EXPECT_EQ(v, index == 1 ? i : -1);
      EXPECT_EQ(w, index == 2 ? i : -1);
      sender.join();
    }
    EXPECT_FALSE(ch.try_send(0));
  });
}

TEST_P(SelectSelf, DuplicatesSendOnce) {
  run([] {
    auto ch = weft::make_chan<int>();
    for (int i = 0; i < 200; ++i) {
      auto receiver = weft::spawn([&] { return ch.recv().value(); });
      const int index = weft::select(weft::send(ch, 0), weft::send(ch, 1), weft::send(ch, 2));
      EXPECT_EQ(receiver.join(), index);
    }
    EXPECT_EQ(ch.try_recv(), std::nullopt);
    auto buffered = weft::make_chan<int>(3);
    weft::select(weft::send(buffered, 0), weft::send(buffered, 1));
    EXPECT_EQ(buffered.len(), 1u);
  });
}

TEST_P(SelectSelf, AParkedDuplicateIsWokenByEitherSide) {
  run([] {
    for (int i = 0; i < 50; ++i) {
      auto ch = weft::make_chan<int>();
      std::atomic<bool> started{false};
      auto t = weft::spawn([&] {
        int v = -1;
        started = true;
        const int index = weft::select(weft::send(ch, 10), weft::recv(ch, v), weft::send(ch, 11),
                                       weft::recv(ch, v));
        return index % 2 == 0 ? 10 : v;
      });
      yield_until(started);
      if (i % 4 == 0) settle();
      if (i % 2 == 0) {
        const int got = ch.recv().value();
        EXPECT_TRUE(got == 10 || got == 11);
        EXPECT_EQ(t.join(), 10);
      } else {
        ch.send(20);
        EXPECT_EQ(t.join(), 20);
      }
    }
  });
}

TEST_P(SelectSelf, ACloseWakesOneCaseOfAParkedDuplicate) {
  run([] {
    auto ch = weft::make_chan<int>();
    std::atomic<bool> started{false};
    auto t = weft::spawn([&] {
      int u = 5, v = 5;
      bool ok_u = true, ok_v = true;
      started = true;
      const int index = weft::select(weft::recv(ch, u, ok_u), weft::recv(ch, v, ok_v));
      EXPECT_EQ(ok_u, index != 0);
      EXPECT_EQ(ok_v, index != 1);
    });
    yield_until(started);
    settle();
    ch.close();
    t.join();
  });
}

TEST_P(SelectSelf, BothDirectionsOfABufferedChannel) {
  run([] {
    auto ch = weft::make_chan<int>(1);
    int v = -1;
    EXPECT_EQ(weft::select(weft::recv(ch, v), weft::send(ch, 1)), 1);  // empty: only the send can
    EXPECT_EQ(weft::select(weft::recv(ch, v), weft::send(ch, 2)), 0);  // full: only the receive can
    EXPECT_EQ(v, 1);
    EXPECT_EQ(ch.len(), 0u);
  });
}

}  // namespace
