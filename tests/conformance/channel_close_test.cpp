// SEMANTICS, "Channels": close against senders and receivers that wait, and against those that are
// just coming.
#include <chrono>
#include <vector>

#include "tests/support/counted.hpp"
#include "tests/support/run.hpp"

namespace {

using weft_test::counted;
using weft_test::on_workers;
using weft_test::settle;
using weft_test::yield_until;

class ChannelClose : public on_workers {
 protected:
  void SetUp() override { counted::count.reset(); }
  void TearDown() override { EXPECT_EQ(counted::count.alive(), 0); }
};
WEFT_ON_WORKERS(ChannelClose);

TEST_P(ChannelClose, WakesAllWaitingReceivers) {
  run([] {
    for (std::size_t capacity : {0u, 2u}) {
      auto ch = weft::make_chan<int>(capacity);
      std::atomic<int> started{0};
      weft::wait_group all;
      for (int i = 0; i < 30; ++i) {
        all.go([&, i] {
          ++started;
          switch (i % 3) {
            case 0:
              EXPECT_EQ(ch.recv(), std::nullopt);
              break;
            case 1: {
              auto [v, ok] = ch.recv_ok();
              EXPECT_EQ(v, 0);
              EXPECT_FALSE(ok);
            } break;
            case 2: {
              int v = 1;
              bool ok = true;
              EXPECT_EQ(weft::select(weft::recv(ch, v, ok)), 0);
              EXPECT_FALSE(ok);
              break;
            }
          }
        });
      }
      yield_until([&] { return started == 30; });
      settle();
      ch.close();
      all.wait();
    }
  });
}

TEST_P(ChannelClose, MakesAllWaitingSendersThrowAndTheirValuesStayTheirs) {
  run([] {
    for (std::size_t capacity : {0u, 2u}) {
      auto ch = weft::make_chan<counted>(capacity);
      for (std::size_t i = 0; i < capacity; ++i) ch.send(counted(-1));
      std::atomic<int> started{0}, thrown{0};
      weft::wait_group all;
      for (int i = 0; i < 30; ++i) {
        all.go([&, i] {
          counted mine(i);
          ++started;
          try {
            if (i % 2 == 0) {
              ch.send(std::move(mine));
            } else {
              weft::select(weft::send(ch, std::move(mine)));
            }
          } catch (const weft::closed_channel&) {
            ++thrown;
          }
          EXPECT_FALSE(mine.moved_from);
        });
      }
      yield_until([&] { return started == 30; });
      settle();
      ch.close();
      all.wait();
      EXPECT_EQ(thrown, 30);
      std::size_t left = 0;
      for (auto&& v : ch) {
        EXPECT_EQ(v.value, -1);
        ++left;
      }
      EXPECT_EQ(left, capacity);
    }
  });
}

// Whatever the race between a send and a close does: a send that returned is received, one that
// threw is not.
TEST_P(ChannelClose, EverySendThatReturnedIsReceivedAndNoOther) {
  run([] {
    for (int round = 0; round < 100; ++round) {
      auto ch = weft::make_chan<counted>(round % 3);
      std::atomic<long> sent{0}, received{0};
      std::vector<weft::task<void>> tasks;
      for (int s = 0; s < 3; ++s) {
        tasks.push_back(weft::spawn([&, s] {
          try {
            for (int i = 0;; ++i) {
              counted c(i);
              if (s == 0) {
                weft::select(weft::send(ch, std::move(c)));
              } else {
                ch.send(std::move(c));
              }
              ++sent;
            }
          } catch (const weft::closed_channel&) {
          }
        }));
      }
      for (int r = 0; r < 2; ++r) {
        tasks.push_back(weft::spawn([&] {
          for (auto&& v : ch) {
            EXPECT_FALSE(v.moved_from);
            ++received;
          }
        }));
      }
      yield_until([&] { return received > 10; });
      ch.close();
      for (auto& t : tasks) t.join();
      EXPECT_EQ(sent, received);
    }
  });
}

TEST_P(ChannelClose, OfTwoThatCloseOneThrows) {
  run([] {
    for (int round = 0; round < 200; ++round) {
      auto ch = weft::make_chan<int>();
      std::atomic<int> thrown{0};
      const auto close = [&] {
        try {
          ch.close();
        } catch (const weft::closed_channel&) {
          ++thrown;
        }
      };
      auto other = weft::spawn(close);
      close();
      other.join();
      EXPECT_EQ(thrown, 1);
    }
  });
}

// The classic: a non-blocking receive beside a close must see the value that was sent before it.
TEST_P(ChannelClose, ANonBlockingReceiveSeesValuesBeforeTheClose) {
  run([] {
    for (int round = 0; round < 500; ++round) {
      auto ch = weft::make_chan<int>(1);
      ch.send(7);
      auto closer = weft::spawn([ch] { ch.close(); });
      int v = 0;
      EXPECT_EQ(ch.try_recv(v), weft::chan_status::value);
      EXPECT_EQ(v, 7);
      closer.join();
      EXPECT_EQ(ch.try_recv(v), weft::chan_status::closed);
    }
  });
}

// A waiting receiver and a value: once the send has returned, the value does not get lost to a
// close.
TEST_P(ChannelClose, AValueOnItsWayToAReceiverSurvivesTheClose) {
  run([] {
    for (int round = 0; round < 300; ++round) {
      auto ch = weft::make_chan<int>(round % 2);
      auto receiver = weft::spawn([ch] { return ch.recv(); });
      if (round % 5 == 0) settle();
      ch.send(round);
      ch.close();
      EXPECT_EQ(receiver.join(), round);
    }
  });
}

}  // namespace
