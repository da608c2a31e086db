// SEMANTICS, "Channels": a T whose move may throw is boxed; no user code runs under a lock of ours,
// so that the constructors and the destructor of a value may use the channel that it travels in.
#include <atomic>
#include <chrono>
#include <stdexcept>
#include <utility>

#include "tests/support/counted.hpp"
#include "tests/support/run.hpp"

namespace {

using namespace std::chrono_literals;
using weft_test::on_workers;
using weft_test::throwing_move;
using weft_test::yield_until;

class ThrowingMove : public on_workers {
 protected:
  void SetUp() override {
    throwing_move::count.reset();
    throwing_move::throw_after = -1;
  }
  void TearDown() override { EXPECT_EQ(throwing_move::count.alive(), 0); }
};
WEFT_ON_WORKERS(ThrowingMove);

TEST_P(ThrowingMove, TravelsLikeAnyOtherValue) {
  run([] {
    for (std::size_t capacity : {0u, 1u, 4u}) {
      auto ch = weft::make_chan<throwing_move>(capacity);
      auto sender = weft::spawn([ch] {
        for (int i = 0; i < 30; ++i) ch.send(throwing_move(i));
        ch.close();
      });
      int next = 0;
      for (auto&& v : ch) EXPECT_EQ(v.value, next++);
      EXPECT_EQ(next, 30);
      sender.join();
    }
  });
}

TEST_P(ThrowingMove, IsStillTheCallersWhenItWasNotSent) {
  run([] {
    auto ch = weft::make_chan<throwing_move>();
    throwing_move v(4);
    EXPECT_FALSE(ch.try_send(std::move(v)));
    EXPECT_EQ(v.value, 4);
    EXPECT_FALSE(ch.send_for(std::move(v), 1ms));
    EXPECT_EQ(v.value, 4);
    EXPECT_EQ(weft::select(weft::send(ch, std::move(v)), weft::otherwise()), 1);
    EXPECT_EQ(v.value, 4);
    ch.close();
    EXPECT_THROW(ch.send(std::move(v)), weft::closed_channel);
    EXPECT_EQ(v.value, 4);
  });
}

// Its moves may throw, and its assignment does.
struct never_assigned {
  explicit never_assigned(int v) : value(v) {}
  never_assigned(never_assigned&& other) noexcept(false) : value(std::exchange(other.value, -1)) {}
  never_assigned& operator=(never_assigned&&) noexcept(false) { throw std::runtime_error("assigned"); }
  int value;
};

TEST_P(ThrowingMove, AThrowOfTheMoveBackLeavesASelectWhoseChosenCaseIsFinished) {
  run([] {
    auto nobody = weft::make_chan<never_assigned>();
    auto in = weft::make_chan<int>();
    never_assigned v(4);
    std::atomic<bool> started{false};
    auto selecting = weft::spawn([&] {
      int got = 0;
      started = true;
      try {  // unless the value was there at once
        weft::select(weft::send(nobody, std::move(v)), weft::recv(in, got));
      } catch (const std::runtime_error&) {
      }
      return got;
    });
    yield_until(started);
    weft_test::settle();
    in.send(7);
    EXPECT_EQ(selecting.join(), 7);
    EXPECT_THROW(weft::select(weft::send(nobody, never_assigned(4)), weft::timeout(1ms)),
                 std::runtime_error);
    weft::select_set set;
    set.send(nobody, never_assigned(4));
    set.timeout(1ms);
    EXPECT_THROW(set.wait(), std::runtime_error);
    auto cancelled = weft::spawn([&] {
      weft::select(weft::send(nobody, never_assigned(4)), weft::recv(in));
    });
    weft_test::settle();
    cancelled.cancel();
    EXPECT_THROW(cancelled.join(), weft::task_ended);
  });
}

TEST_P(ThrowingMove, AThrowLeavesSendAndNothingWasSent) {
  run([] {
    auto ch = weft::make_chan<throwing_move>(2);
    throwing_move v(4);
    throwing_move::throw_after = 0;
    EXPECT_THROW(ch.send(std::move(v)), std::runtime_error);
    throwing_move::throw_after = -1;
    EXPECT_EQ(ch.len(), 0u);
    EXPECT_EQ(v.value, 4);
    ch.send(std::move(v));
    EXPECT_EQ(ch.recv()->value, 4);
  });
}

TEST_P(ThrowingMove, AThrowLeavesReceiveAndTheChannelGoesOn) {
  run([] {
    auto ch = weft::make_chan<throwing_move>(2);
    ch.send(throwing_move(1));
    ch.send(throwing_move(2));
    throwing_move::throw_after = 0;
    EXPECT_THROW(ch.recv(), std::runtime_error);
    throwing_move::throw_after = -1;
    EXPECT_EQ(ch.len(), 1u);  // reading: the value has left the channel and is destroyed
    EXPECT_EQ(ch.recv()->value, 2);
    ch.send(throwing_move(3));
    EXPECT_EQ(ch.recv()->value, 3);
  });
}

struct copy_throws {
  static inline std::atomic<bool> armed{false};
  int value = 0;
  copy_throws() = default;
  explicit copy_throws(int v) : value(v) {}
  copy_throws(const copy_throws& other) : value(other.value) {
    if (armed) throw std::runtime_error("copy");
  }
  copy_throws(copy_throws&&) noexcept = default;
  copy_throws& operator=(copy_throws&&) noexcept = default;
};

TEST_P(ThrowingMove, AThrowingCopyLeavesSendAndNothingWasSent) {
  run([] {
    auto ch = weft::make_chan<copy_throws>(1);
    const copy_throws v(6);
    copy_throws::armed = true;
    EXPECT_THROW(ch.send(v), std::runtime_error);
    EXPECT_THROW(ch.try_send(v), std::runtime_error);
    EXPECT_THROW(weft::select(weft::send(ch, v)), std::runtime_error);
    copy_throws::armed = false;
    EXPECT_EQ(ch.len(), 0u);
    EXPECT_TRUE(ch.try_send(v));
    EXPECT_EQ(ch.recv()->value, 6);
  });
}

// Each copy, move and destruction asks the channel something that takes its lock, and passes a
// value through another channel. Under a lock of ours this would hang, or be found by the lock
// checks of a debug build.
struct meddler {
  static inline weft::chan<meddler> home;
  static inline weft::chan<int> other;
  static inline std::atomic<long> calls{0};

  int value = 0;

  meddler() = default;
  explicit meddler(int v) : value(v) {}
  meddler(const meddler& m) : value(m.value) { meddle(); }
  meddler(meddler&& m) noexcept : value(m.value) { meddle(); }
  meddler& operator=(meddler&& m) noexcept {
    value = m.value;
    meddle();
    return *this;
  }
  ~meddler() { meddle(); }

  static void meddle() noexcept {
    ++calls;
    if (!home) return;
    (void)home.len();
    if (other.try_send(1)) other.try_recv();
  }
};

TEST_P(ThrowingMove, NoUserCodeRunsUnderALock) {
  meddler::calls = 0;
  run([] {
    for (std::size_t capacity : {0u, 1u, 3u}) {
      meddler::home = weft::make_chan<meddler>(capacity);
      meddler::other = weft::make_chan<int>(1);
      const auto ch = meddler::home;
      auto sender = weft::spawn([ch] {
        for (int i = 0; i < 100; ++i) {
          meddler m(i);
          if (i % 2 == 0) {
            ch.send(m);
          } else {
            weft::select(weft::send(ch, std::move(m)));
          }
        }
        ch.close();
      });
      int next = 0;
      for (; next < 50; ++next) EXPECT_EQ(ch.recv()->value, next);
      meddler into;
      for (; next < 70; ++next) {
        weft::select(weft::recv(ch, into));
        EXPECT_EQ(into.value, next);
      }
      for (auto&& m : ch) EXPECT_EQ(m.value, next++);
      EXPECT_EQ(next, 100);
      sender.join();
      meddler::home = {};
      meddler::other = {};
    }
  });
  EXPECT_GT(meddler::calls, 0);
}

// A value whose destructor uses the channel that dies with it.
TEST_P(ThrowingMove, ValuesLeftAreDestroyedOutsideTheLocks) {
  struct last_words {
    weft::send_chan<int> to;
    explicit last_words(weft::send_chan<int> t) : to(std::move(t)) {}
    last_words(last_words&& o) noexcept : to(std::exchange(o.to, {})) {}
    ~last_words() {
      if (to) to.try_send(1);
    }
  };
  run([] {
    auto said = weft::make_chan<int>(3);
    {
      auto ch = weft::make_chan<last_words>(3);
      for (int i = 0; i < 3; ++i) ch.send(last_words(said));
      EXPECT_EQ(said.len(), 0u);
    }
    EXPECT_EQ(said.len(), 3u);
  });
}

}  // namespace
