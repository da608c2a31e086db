// SEMANTICS, "Channels", at size: long chains, the sieve, big and empty elements, many channels.
#include <array>
#include <chrono>
#include <vector>

#include "tests/support/run.hpp"

namespace {

using weft_test::on_workers;

class ChannelScale : public on_workers {};
WEFT_ON_WORKERS(ChannelScale);

// TSan allows about 8,100 threads and fibers.
constexpr int chain_length = weft_test::under_tsan ? 4000 : 10000;

TEST_P(ChannelScale, AChainOfTenThousandTasks) {
  run([] {
    const auto leftmost = weft::make_chan<int>();
    auto left = leftmost;
    auto right = left;
    for (int i = 0; i < chain_length; ++i) {
      right = weft::make_chan<int>();
      weft::go([left, right] { left.send(1 + right.recv().value()); });
      left = right;
    }
    weft::go([right] { right.send(0); });
    EXPECT_EQ(leftmost.recv(), chain_length);
  });
}

TEST_P(ChannelScale, AChainThatIsLeftParkedIsUnwoundAtMainsEnd) {
  std::atomic<int> unwound{0};
  std::atomic<int> started{0};
  constexpr int n = chain_length / 4;
  run([&] {
    auto left = weft::make_chan<int>();
    for (int i = 0; i < n; ++i) {
      auto right = weft::make_chan<int>();
      weft::go([&, left, right] {
        struct on_exit {
          std::atomic<int>& count;
          ~on_exit() { ++count; }
        } guard{unwound};
        ++started;
        left.send(1 + right.recv().value());
      });
      left = right;
    }
    weft_test::yield_until([&] { return started == n; });
  });
  EXPECT_EQ(unwound, n);
}

TEST_P(ChannelScale, PrimeSieve) {
  run([] {
    auto numbers = weft::make_chan<int>();
    weft::go([numbers] {
      for (int i = 2;; ++i) numbers.send(i);
    });
    int prime = 0;
    for (int i = 0; i < 100; ++i) {
      prime = numbers.recv().value();
      auto next = weft::make_chan<int>();
      weft::go([numbers, next, prime] {
        for (int n : numbers) {
          if (n % prime != 0) next.send(n);
        }
      });
      numbers = next;
    }
    EXPECT_EQ(prime, 541);
  });
}

struct big {
  std::array<int, 1024> words;
  explicit big(int seed = 0) {
    for (int& w : words) w = seed++;
  }
  bool intact(int seed) const {
    for (int w : words) {
      if (w != seed++) return false;
    }
    return true;
  }
};

TEST_P(ChannelScale, ElementsOfFourKilobytes) {
  static_assert(sizeof(big) == 4096);
  run([] {
    for (std::size_t capacity : {0u, 1u, 5u}) {
      auto ch = weft::make_chan<big>(capacity);
      auto sender = weft::spawn([ch] {
        for (int i = 0; i < 100; ++i) {
          const big value(i);
          if (i % 2 == 0) {
            ch.send(value);
          } else {
            weft::select(weft::send(ch, value));
          }
        }
        ch.close();
      });
      int i = 0;
      for (; i < 50; ++i) EXPECT_TRUE(ch.recv()->intact(i));
      big into;
      for (; i < 75; ++i) {
        weft::select(weft::recv(ch, into));
        EXPECT_TRUE(into.intact(i));
      }
      for (const big& v : ch) EXPECT_TRUE(v.intact(i++));
      EXPECT_EQ(i, 100);
      sender.join();
    }
  });
}

struct empty {};

TEST_P(ChannelScale, ElementsWithoutSize) {
  run([] {
    for (std::size_t capacity : {0u, 1u, 5u}) {
      auto ch = weft::make_chan<empty>(capacity);
      auto sender = weft::spawn([ch] {
        for (int i = 0; i < 200; ++i) ch.send({});
        ch.close();
      });
      int n = 0;
      for (; n < 100; ++n) EXPECT_TRUE(ch.recv().has_value());
      empty e;
      weft::select(weft::recv(ch, e));
      ++n;
      for (auto&& v : ch) {
        (void)v;
        ++n;
      }
      EXPECT_EQ(n, 200);
      sender.join();
    }
  });
}

struct alignas(64) aligned {
  int value = 0;
};

TEST_P(ChannelScale, ElementsWithAlignment) {
  run([] {
    auto ch = weft::make_chan<aligned>(3);
    for (int round = 0; round < 5; ++round) {
      for (int i = 0; i < 3; ++i) ch.send(aligned{i});
      for (int i = 0; i < 3; ++i) {
        const auto v = ch.recv();
        EXPECT_EQ(v->value, i);
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(&*v) % 64, 0u);
      }
    }
  });
}

TEST_P(ChannelScale, ALargeBuffer) {
  run([] {
    constexpr int n = 100'000;
    auto ch = weft::make_chan<int>(n);
    for (int i = 0; i < n; ++i) ch.send(i);
    EXPECT_FALSE(ch.try_send(0));
    ch.close();
    int next = 0;
    for (int v : ch) next += v == next;
    EXPECT_EQ(next, n);
  });
}

TEST_P(ChannelScale, ManyToOneAndOneToMany) {
  run([] {
    constexpr int tasks = 1000;
    auto requests = weft::make_chan<int>();
    auto answers = weft::make_chan<int>(10);
    weft::wait_group all;
    for (int i = 0; i < tasks; ++i) {
      all.go([=] { answers.send(2 * requests.recv().value()); });
    }
    auto feeder = weft::spawn([=] {
      for (int i = 0; i < tasks; ++i) requests.send(i);
    });
    long sum = 0;
    for (int i = 0; i < tasks; ++i) sum += answers.recv().value();
    EXPECT_EQ(sum, static_cast<long>(tasks) * (tasks - 1));
    feeder.join();
    all.wait();
  });
}

}  // namespace
