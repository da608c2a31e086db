// SEMANTICS, "Channels": FIFO for values and for waiters, and what happens before what. The
// happens-before tests hand plain variables from task to task: under TSan a missing edge is a
// report, elsewhere a wrong value.
#include <algorithm>
#include <memory>
#include <numeric>
#include <vector>

#include "tests/support/run.hpp"

namespace {

using weft_test::on_workers;
using weft_test::settle;
using weft_test::yield_until;

class ChannelOrder : public on_workers {};
WEFT_ON_WORKERS(ChannelOrder);

TEST_P(ChannelOrder, ValuesComeOutInTheOrderTheyWentIn) {
  run([] {
    for (std::size_t capacity : {0u, 1u, 2u, 7u, 128u}) {
      auto ch = weft::make_chan<int>(capacity);
      constexpr int n = 3000;
      auto sender = weft::spawn([ch] {
        for (int i = 0; i < n; ++i) ch.send(i);
        ch.close();
      });
      int next = 0;
      for (int v : ch) {
        if (v != next) {
          ADD_FAILURE() << "cap " << capacity << ": got " << v << " instead of " << next;
          break;
        }
        ++next;
      }
      EXPECT_EQ(next, n);
      sender.join();
    }
  });
}

TEST_P(ChannelOrder, EachSendersValuesStayInOrderAndNoneIsLostOrDoubled) {
  run([] {
    for (std::size_t capacity : {0u, 3u}) {
      auto ch = weft::make_chan<std::pair<int, int>>(capacity);
      constexpr int senders = 4, receivers = 3, n = 500;
      weft::wait_group sending;
      for (int s = 0; s < senders; ++s) {
        sending.go([ch, s] {
          for (int i = 0; i < n; ++i) ch.send({s, i});
        });
      }
      std::vector<weft::task<std::vector<std::pair<int, int>>>> receiving;
      for (int r = 0; r < receivers; ++r) {
        receiving.push_back(weft::spawn([ch] {
          std::vector<std::pair<int, int>> seen;
          for (auto v : ch) seen.push_back(v);
          return seen;
        }));
      }
      sending.wait();
      ch.close();
      std::vector<std::pair<int, int>> all;
      for (auto& r : receiving) {
        const auto seen = r.join();
        std::vector<int> last(senders, -1);
        for (auto [s, i] : seen) {
          EXPECT_LT(last[s], i);
          last[s] = i;
        }
        all.insert(all.end(), seen.begin(), seen.end());
      }
      std::sort(all.begin(), all.end());
      ASSERT_EQ(all.size(), static_cast<std::size_t>(senders * n));
      for (int k = 0; k < senders * n; ++k) EXPECT_EQ(all[k], std::make_pair(k / n, k % n));
    }
  });
}

// Nothing tells from outside that a task is parked, so each waiter gets every opportunity to park
// before the next one starts, and a round in which one has not done so proves nothing. A channel
// that is FIFO can hardly miss half of the rounds; one that serves five waiters in any other order
// can hardly reach it.
constexpr int rounds = 20;
constexpr int waiters = 5;

bool in_order(const std::vector<int>& v) {
  return static_cast<int>(v.size()) == waiters && std::is_sorted(v.begin(), v.end());
}

TEST_P(ChannelOrder, WaitingReceiversAreServedInTheOrderTheyCame) {
  run([] {
    int ordered = 0;
    for (int round = 0; round < rounds; ++round) {
      auto ch = weft::make_chan<int>();
      std::vector<weft::task<int>> tasks;
      for (int w = 0; w < waiters; ++w) {
        std::atomic<bool> started{false};
        tasks.push_back(weft::spawn([ch, &started] {
          const auto own = ch;
          started = true;
          return own.recv().value();
        }));
        yield_until(started);
        settle();
      }
      for (int v = 0; v < waiters; ++v) ch.send(v);
      std::vector<int> got;
      for (auto& t : tasks) got.push_back(t.join());
      ordered += in_order(got);
    }
    EXPECT_GE(ordered, rounds / 2);
  });
}

TEST_P(ChannelOrder, WaitingSendersAreServedInTheOrderTheyCame) {
  run([] {
    for (std::size_t capacity : {0u, 1u}) {
      int ordered = 0;
      for (int round = 0; round < rounds; ++round) {
        auto ch = weft::make_chan<int>(capacity);
        if (capacity == 1) ch.send(-1);
        std::vector<weft::task<void>> tasks;
        for (int w = 0; w < waiters; ++w) {
          std::atomic<bool> started{false};
          tasks.push_back(weft::spawn([ch, w, &started] {
            const auto own = ch;
            started = true;
            own.send(w);
          }));
          yield_until(started);
          settle();
        }
        if (capacity == 1) {
          EXPECT_EQ(ch.recv(), -1);
        }
        std::vector<int> got;
        for (int w = 0; w < waiters; ++w) got.push_back(ch.recv().value());
        for (auto& t : tasks) t.join();
        ordered += in_order(got);
      }
      EXPECT_GE(ordered, rounds / 2) << "cap " << capacity;
    }
  });
}

TEST_P(ChannelOrder, ASelectWaitsInTheSameQueue) {
  run([] {
    int ordered = 0;
    for (int round = 0; round < rounds; ++round) {
      auto ch = weft::make_chan<int>();
      auto never = weft::make_chan<int>();
      std::vector<weft::task<int>> tasks;
      for (int w = 0; w < waiters; ++w) {
        std::atomic<bool> started{false};
        tasks.push_back(weft::spawn([ch, never, w, &started] {
          const auto own = ch;
          const auto nothing = never;
          started = true;
          if (w % 2 == 0) return own.recv().value();
          int v = -1;
          weft::select(weft::recv(nothing), weft::recv(own, v));
          return v;
        }));
        yield_until(started);
        settle();
      }
      for (int v = 0; v < waiters; ++v) ch.send(v);
      std::vector<int> got;
      for (auto& t : tasks) got.push_back(t.join());
      ordered += in_order(got);
    }
    EXPECT_GE(ordered, rounds / 2);
  });
}

TEST_P(ChannelOrder, AValueDoesNotOvertakeAWaitingSender) {
  run([] {
    // The buffer is full and a sender waits; room made by a receive belongs to it, not to who comes
    // later.
    int ordered = 0;
    for (int round = 0; round < rounds; ++round) {
      auto ch = weft::make_chan<int>(1);
      ch.send(0);
      std::atomic<bool> started{false};
      auto waiting = weft::spawn([&] {
        started = true;
        ch.send(1);
      });
      yield_until(started);
      settle();
      EXPECT_EQ(ch.recv(), 0);
      const bool slipped_in = ch.try_send(2);
      const int first = ch.recv().value();
      if (slipped_in) ch.recv();
      waiting.join();
      ordered += !slipped_in && first == 1;
    }
    EXPECT_GE(ordered, rounds / 2);
  });
}

TEST_P(ChannelOrder, ASendHappensBeforeItsReceiveCompletes) {
  run([] {
    for (std::size_t capacity : {0u, 1u, 8u}) {
      auto ch = weft::make_chan<int*>(capacity);
      auto receiver = weft::spawn([ch] {
        int expected = 0;
        for (int* p : ch) {
          EXPECT_EQ(*p, expected++);
          delete p;
        }
      });
      for (int i = 0; i < 500; ++i) ch.send(new int(i));
      ch.close();
      receiver.join();
    }
  });
}

TEST_P(ChannelOrder, TheKthReceiveHappensBeforeTheKPlusCapthSendCompletes) {
  run([] {
    for (std::size_t capacity : {0u, 1u, 4u}) {
      auto ch = weft::make_chan<int>(capacity);
      constexpr int n = 500;
      std::vector<int> plain(n, 0);
      auto receiver = weft::spawn([&] {
        for (int k = 0; k < n; ++k) {
          plain[k] = k + 1;  // before the kth receive
          ch.recv();
        }
      });
      for (int k = 0; k < n; ++k) {
        ch.send(k);
        const int received = k - static_cast<int>(capacity);
        if (received >= 0) {
          EXPECT_EQ(plain[received], received + 1);
        }
      }
      receiver.join();
    }
  });
}

TEST_P(ChannelOrder, ABufferedChannelIsASemaphore) {
  run([] {
    // cap 1: send is lock, receive is unlock.
    auto lock = weft::make_chan<int>(1);
    int plain = 0;
    weft::wait_group all;
    for (int t = 0; t < 4; ++t) {
      all.go([&] {
        for (int i = 0; i < 200; ++i) {
          lock.send(1);
          ++plain;
          lock.recv();
        }
      });
    }
    all.wait();
    EXPECT_EQ(plain, 800);
  });
}

TEST_P(ChannelOrder, CloseHappensBeforeAReceiveThatReportsIt) {
  run([] {
    for (int i = 0; i < 200; ++i) {
      auto ch = weft::make_chan<int>(i % 2);
      int plain = 0;
      auto reader = weft::spawn([&] {
        while (ch.recv()) {
        }
        EXPECT_EQ(plain, 1);
      });
      auto poller = weft::spawn([&] {
        int v = 0;
        yield_until([&] { return ch.try_recv(v) == weft::chan_status::closed; });
        EXPECT_EQ(plain, 1);
      });
      plain = 1;
      ch.close();
      reader.join();
      poller.join();
    }
  });
}

}  // namespace
