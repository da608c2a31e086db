// SEMANTICS, "select": an operand that was not chosen is untouched, whether the select waited or
// not.
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "tests/support/counted.hpp"
#include "tests/support/run.hpp"

namespace {

using namespace std::chrono_literals;
using weft_test::counted;
using weft_test::on_workers;
using weft_test::settle;
using weft_test::yield_until;

class SelectOperands : public on_workers {
 protected:
  void SetUp() override {
    counted::count.reset();
    counted::damaged = 0;
  }
  void TearDown() override {
    EXPECT_EQ(counted::count.alive(), 0);
    EXPECT_EQ(counted::damaged, 0);
  }
};
WEFT_ON_WORKERS(SelectOperands);

TEST_P(SelectOperands, TargetsOfReceivesThatWereNotChosenKeepTheirValue) {
  run([] {
    auto empty = weft::make_chan<std::string>();
    auto ch = weft::make_chan<std::string>(1);
    ch.send("chosen");
    std::string v = "v", w = "w";
    std::optional<std::string> o = "o";
    bool ok = true;
    EXPECT_EQ(weft::select(weft::recv(empty, v, ok), weft::recv(ch, w), weft::recv(empty, o)), 1);
    EXPECT_EQ(v, "v");
    EXPECT_TRUE(ok);
    EXPECT_EQ(w, "chosen");
    EXPECT_EQ(o, "o");
  });
}

TEST_P(SelectOperands, TargetsAreUntouchedAfterTimeoutOtherwiseAndException) {
  run([] {
    auto empty = weft::make_chan<int>();
    auto closed = weft::make_chan<int>();
    closed.close();
    int v = 5;
    bool ok = true;
    EXPECT_EQ(weft::select(weft::recv(empty, v, ok), weft::otherwise()), 1);
    EXPECT_EQ(weft::select(weft::recv(empty, v, ok), weft::timeout(1ms)), 1);
    EXPECT_THROW(weft::select(weft::recv(empty, v, ok), weft::send(closed, 1)),
                 weft::closed_channel);
    EXPECT_EQ(v, 5);
    EXPECT_TRUE(ok);
  });
}

TEST_P(SelectOperands, AValueThatWasNotChosenIsNeitherCopiedNorMoved) {
  run([] {
    auto ch = weft::make_chan<int>(1);
    auto full = weft::make_chan<counted>();
    ch.send(1);
    const counted lvalue(1);
    counted rvalue(2);
    int v = 0;
    EXPECT_EQ(weft::select(weft::send(full, lvalue), weft::send(full, std::move(rvalue)),
                           weft::recv(ch, v)),
              2);
    EXPECT_FALSE(rvalue.moved_from);  // NOLINT(bugprone-use-after-move): that is the question
    EXPECT_EQ(counted::count.copies, 0);
    EXPECT_EQ(counted::count.moves, 0);
  });
}

TEST_P(SelectOperands, OfTwoReadySendsOnlyTheChosenValueMoves) {
  run([] {
    for (int i = 0; i < 100; ++i) {
      auto a = weft::make_chan<std::unique_ptr<int>>(1);
      auto b = weft::make_chan<std::unique_ptr<int>>(1);
      auto p = std::make_unique<int>(1);
      auto q = std::make_unique<int>(2);
      const int chosen = weft::select(weft::send(a, std::move(p)), weft::send(b, std::move(q)));
      EXPECT_EQ(p == nullptr, chosen == 0);
      EXPECT_EQ(q == nullptr, chosen == 1);
      EXPECT_EQ(a.len() + b.len(), 1u);
    }
  });
}

TEST_P(SelectOperands, AfterAWaitOnlyTheChosenOperandsHaveChanged) {
  run([] {
    for (int i = 0; i < 50; ++i) {
      auto in = weft::make_chan<int>();
      auto in2 = weft::make_chan<int>();
      auto out = weft::make_chan<std::unique_ptr<int>>();
      std::atomic<bool> started{false};
      auto selecting = weft::spawn([&] {
        auto p = std::make_unique<int>(7);
        int v = -1, w = -1;
        bool ok = false;
        started = true;
        const int chosen =
            weft::select(weft::recv(in, v), weft::send(out, std::move(p)), weft::recv(in2, w, ok));
        EXPECT_EQ(v, chosen == 0 ? 1 : -1);
        EXPECT_EQ(p == nullptr, chosen == 1);
        EXPECT_EQ(w, chosen == 2 ? 2 : -1);
        EXPECT_EQ(ok, chosen == 2);
        return chosen;
      });
      yield_until(started);
      if (i % 2 == 0) settle();
      switch (i % 3) {
        case 0:
          in.send(1);
          break;
        case 1:
          EXPECT_EQ(**out.recv(), 7);
          break;
        case 2:
          in2.send(2);
          break;
      }
      EXPECT_EQ(selecting.join(), i % 3);
    }
  });
}

TEST_P(SelectOperands, AnLvalueThatWasSentIsCopiedOnceAfterAWait) {
  run([] {
    auto out = weft::make_chan<counted>();
    auto never = weft::make_chan<int>();
    auto selecting = weft::spawn([&] {
      const counted value(4);
      EXPECT_EQ(weft::select(weft::recv(never), weft::send(out, value)), 1);
      EXPECT_FALSE(value.moved_from);
    });
    settle();
    EXPECT_EQ(out.recv()->value, 4);
    selecting.join();
    EXPECT_EQ(counted::count.copies, 1);
  });
}

TEST_P(SelectOperands, ASelectThatWasCancelledLeavesAllUntouched) {
  std::atomic<bool> started{false}, untouched{false};
  run([&] {
    weft::go([&] {
      auto in = weft::make_chan<int>();
      auto out = weft::make_chan<std::unique_ptr<int>>();
      auto p = std::make_unique<int>(7);
      int v = -1;
      started = true;
      try {
        weft::select(weft::recv(in, v), weft::send(out, std::move(p)));
      } catch (const weft::task_cancelled&) {
        untouched = v == -1 && p && *p == 7;
      }
    });
    yield_until(started);
    settle();
  });
  EXPECT_TRUE(untouched);
}

TEST_P(SelectOperands, NothingOfASelectStaysInTheQueuesItLeft) {
  run([] {
    auto busy = weft::make_chan<int>(1);
    auto quiet = weft::make_chan<int>();
    for (int i = 0; i < 500; ++i) {
      auto other = weft::spawn([&] { busy.send(i); });
      int v = -1;
      EXPECT_EQ(weft::select(weft::recv(quiet, v), weft::recv(busy, v), weft::send(quiet, 1)), 1);
      EXPECT_EQ(v, i);
      other.join();
    }
    // Had one of those selects stayed behind, these would find it.
    EXPECT_FALSE(quiet.try_send(1));
    EXPECT_EQ(quiet.try_recv(), std::nullopt);
  });
}

}  // namespace
