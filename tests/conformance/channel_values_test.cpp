// SEMANTICS, "Channels": what happens to a value on its way: copied once or moved only when sent,
// destroyed exactly once, move-only and without default constructor.
#include <chrono>
#include <memory>
#include <string>

#include "tests/support/counted.hpp"
#include "tests/support/run.hpp"

namespace {

using namespace std::chrono_literals;
using weft_test::counted;
using weft_test::move_only;
using weft_test::on_workers;
using weft_test::throwing_move;
using weft_test::yield_until;

class ChannelValues : public on_workers {
 protected:
  void SetUp() override {
    counted::count.reset();
    counted::damaged = 0;
    move_only::count.reset();
    throwing_move::count.reset();
    throwing_move::throw_after = -1;
  }
  void TearDown() override {
    EXPECT_EQ(counted::count.alive(), 0);
    EXPECT_EQ(counted::damaged, 0);
    EXPECT_EQ(move_only::count.alive(), 0);
    EXPECT_EQ(throwing_move::count.alive(), 0);
  }
};
WEFT_ON_WORKERS(ChannelValues);

TEST_P(ChannelValues, AnLvalueIsCopiedOnceThroughABuffer) {
  run([] {
    auto ch = weft::make_chan<counted>(1);
    const counted original(3);
    ch.send(original);
    EXPECT_EQ(ch.recv()->value, 3);
    EXPECT_EQ(counted::count.copies, 1);
    EXPECT_FALSE(original.moved_from);
  });
}

TEST_P(ChannelValues, AnLvalueIsCopiedOnceToAWaitingReceiver) {
  run([] {
    auto ch = weft::make_chan<counted>();
    auto receiver = weft::spawn([ch] { return ch.recv()->value; });
    weft_test::settle();
    counted original(3);
    ch.send(original);
    EXPECT_EQ(receiver.join(), 3);
    EXPECT_EQ(counted::count.copies, 1);
    EXPECT_FALSE(original.moved_from);
  });
}

TEST_P(ChannelValues, AnLvalueIsCopiedOnceFromAWaitingSender) {
  run([] {
    auto ch = weft::make_chan<counted>();
    auto sender = weft::spawn([ch] {
      const counted original(3);
      ch.send(original);
    });
    weft_test::settle();
    EXPECT_EQ(ch.recv()->value, 3);
    sender.join();
    EXPECT_EQ(counted::count.copies, 1);
  });
}

TEST_P(ChannelValues, AnLvalueIsCopiedOnceFromASelect) {
  run([] {
    auto ch = weft::make_chan<counted>(1);
    const counted original(3);
    EXPECT_EQ(weft::select(weft::send(ch, original)), 0);
    EXPECT_EQ(counted::count.copies, 1);
    counted received;
    EXPECT_EQ(weft::select(weft::recv(ch, received)), 0);
    EXPECT_EQ(received.value, 3);
    EXPECT_EQ(counted::count.copies, 1);
  });
}

TEST_P(ChannelValues, AnRvalueIsNeverCopied) {
  run([] {
    auto buffered = weft::make_chan<counted>(1);
    counted a(1);
    buffered.send(std::move(a));
    EXPECT_TRUE(a.moved_from);  // NOLINT(bugprone-use-after-move): that is the question
    EXPECT_EQ(buffered.recv()->value, 1);
    auto unbuffered = weft::make_chan<counted>();
    auto sender = weft::spawn([unbuffered] { unbuffered.send(counted(2)); });
    EXPECT_EQ(unbuffered.recv()->value, 2);
    sender.join();
    EXPECT_TRUE(buffered.try_send(counted(3)));
    for (counted&& c : buffered) {
      EXPECT_EQ(c.value, 3);
      break;
    }
    EXPECT_EQ(counted::count.copies, 0);
  });
}

TEST_P(ChannelValues, AnRvalueIsUntouchedWhenTheSendDidNotHappen) {
  run([] {
    const auto intact = [](const auto& ch, const std::unique_ptr<int>& p) {
      EXPECT_TRUE(p) << "cap " << ch.cap();
      EXPECT_EQ(*p, 5);
    };
    for (std::size_t capacity : {0u, 1u}) {
      auto ch = weft::make_chan<std::unique_ptr<int>>(capacity);
      if (capacity == 1) ch.send(nullptr);
      auto p = std::make_unique<int>(5);
      EXPECT_FALSE(ch.try_send(std::move(p)));
      intact(ch, p);
      EXPECT_FALSE(ch.send_for(std::move(p), 1ms));
      intact(ch, p);
      EXPECT_FALSE(ch.send_for(std::move(p), -1ms));
      intact(ch, p);
      EXPECT_FALSE(ch.send_until(std::move(p), std::chrono::steady_clock::now() + 1ms));
      intact(ch, p);
      EXPECT_EQ(weft::select(weft::send(ch, std::move(p)), weft::otherwise()), 1);
      intact(ch, p);
      EXPECT_EQ(weft::select(weft::send(ch, std::move(p)), weft::timeout(1ms)), 1);
      intact(ch, p);
      ch.close();
      EXPECT_THROW(ch.send(std::move(p)), weft::closed_channel);
      intact(ch, p);
      EXPECT_THROW(ch.try_send(std::move(p)), weft::closed_channel);
      intact(ch, p);
      EXPECT_THROW(weft::select(weft::send(ch, std::move(p))), weft::closed_channel);
      intact(ch, p);
      EXPECT_FALSE(weft::chan<std::unique_ptr<int>>().try_send(std::move(p)));
      intact(ch, p);
    }
  });
}

TEST_P(ChannelValues, AnRvalueIsUntouchedWhenTheChannelIsClosedDuringTheSend) {
  run([] {
    auto ch = weft::make_chan<std::unique_ptr<int>>();
    std::atomic<bool> started{false};
    auto sender = weft::spawn([&] {
      auto p = std::make_unique<int>(5);
      started = true;
      EXPECT_THROW(ch.send(std::move(p)), weft::closed_channel);
      ASSERT_TRUE(p);
      EXPECT_EQ(*p, 5);
    });
    yield_until(started);
    weft_test::settle();
    ch.close();
    sender.join();
  });
}

TEST_P(ChannelValues, AnRvalueIsUntouchedWhenTheSendIsCancelled) {
  std::atomic<bool> started{false}, kept{false};
  run([&] {
    weft::go([&] {
      auto p = std::make_unique<int>(5);
      started = true;
      try {
        weft::make_chan<std::unique_ptr<int>>().send(std::move(p));
      } catch (const weft::task_cancelled&) {
        kept = p != nullptr && *p == 5;
      }
    });
    yield_until(started);
    weft_test::settle();
  });
  EXPECT_TRUE(kept);
}

TEST_P(ChannelValues, AMoveConstructorIsEnough) {
  static_assert(!std::is_default_constructible_v<move_only> &&
                !std::is_move_assignable_v<move_only>);
  run([] {
    for (std::size_t capacity : {0u, 1u, 4u}) {
      auto ch = weft::make_chan<move_only>(capacity);
      auto sender = weft::spawn([ch] {
        for (int i = 0; i < 20; ++i) ch.send(move_only(i));
        ch.close();
      });
      EXPECT_EQ(ch.recv()->value, 0);
      std::optional<move_only> v;
      yield_until([&] {
        auto got = ch.try_recv();
        if (got) v.emplace(std::move(*got));
        return v.has_value();
      });
      EXPECT_EQ(v->value, 1);
      EXPECT_EQ(ch.recv_for(24h)->value, 2);
      int next = 3;
      EXPECT_EQ(weft::select(weft::recv(ch, [&](move_only m) { EXPECT_EQ(m.value, next++); })), 0);
      std::optional<move_only> into;
      EXPECT_EQ(weft::select(weft::recv(ch, into)), 0);
      EXPECT_EQ(into->value, next++);
      for (auto&& m : ch) EXPECT_EQ(m.value, next++);
      EXPECT_EQ(next, 20);
      sender.join();
    }
  });
}

TEST_P(ChannelValues, EachValueIsDestroyedExactlyOnce) {
  run([] {
    for (std::size_t capacity : {0u, 1u, 7u}) {
      auto ch = weft::make_chan<counted>(capacity);
      weft::wait_group senders;
      for (int s = 0; s < 4; ++s) {
        senders.go([ch] {
          for (int i = 0; i < 100; ++i) {
            counted c(i);
            switch (i % 4) {
              case 0:
                ch.send(c);
                break;
              case 1:
                ch.send(std::move(c));
                break;
              case 2:
                weft::select(weft::send(ch, c));
                break;
              case 3:
                while (!ch.send_for(std::move(c), 1ms)) EXPECT_FALSE(c.moved_from);
                break;
            }
          }
        });
      }
      auto closer = weft::spawn([&, ch] {
        senders.wait();
        ch.close();
      });
      int n = 0;
      for (auto&& c : ch) {
        EXPECT_FALSE(c.moved_from);
        ++n;
      }
      EXPECT_EQ(n, 400);
      closer.join();
    }
  });
}

TEST_P(ChannelValues, ValuesLeftAreDestroyedWithTheChannel) {
  run([] {
    {
      auto ch = weft::make_chan<counted>(5);
      for (int i = 0; i < 3; ++i) ch.send(counted(i));
      ch.recv();
      for (int i = 0; i < 3; ++i) ch.send(counted(i));
      EXPECT_EQ(counted::count.alive(), 5);
      const weft::recv_chan<counted> last = ch;
      ch = {};
      EXPECT_EQ(counted::count.alive(), 5);
      EXPECT_EQ(last.recv()->value, 1);
    }
    EXPECT_EQ(counted::count.alive(), 0);
    {
      auto ch = weft::make_chan<counted>(5);
      ch.send(counted(1));
      ch.close();
    }
    EXPECT_EQ(counted::count.alive(), 0);
  });
}

TEST_P(ChannelValues, AReceivedValueLeavesNothingBehindInTheBuffer) {
  run([] {
    auto ch = weft::make_chan<std::shared_ptr<int>>(3);
    auto token = std::make_shared<int>(1);
    ch.send(token);
    EXPECT_EQ(token.use_count(), 2);
    ch.recv();
    EXPECT_EQ(token.use_count(), 1);
  });
}

TEST_P(ChannelValues, AChannelIsKeptAliveByWhoWaitsOnIt) {
  run([] {
    std::atomic<bool> started{false};
    weft::send_chan<int> sender;
    auto waits = weft::spawn([&] {
      auto own = weft::make_chan<int>();
      sender = own;
      started = true;
      return own.recv();
    });
    yield_until(started);
    sender.send(1);
    sender = {};
    EXPECT_EQ(waits.join(), 1);
  });
}

}  // namespace
