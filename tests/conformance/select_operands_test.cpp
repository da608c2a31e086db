// SEMANTICS, "select": an operand that was not chosen is untouched, whether the select waited or
// not.
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

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

// "To whoever takes it first": several sends that move from one object.

const std::string text(100, 'x');

TEST_P(SelectOperands, OneValueOfferedToSeveralArrivesAtTheOneThatTakesIt) {
  run([] {
    for (int taker = 0; taker < 3; ++taker) {
      std::vector<weft::chan<std::unique_ptr<int>>> to;
      for (int i = 0; i < 3; ++i) to.push_back(weft::make_chan<std::unique_ptr<int>>());
      std::atomic<bool> started{false};
      auto selecting = weft::spawn([&] {
        auto p = std::make_unique<int>(7);
        started = true;
        const int chosen =
            weft::select(weft::send(to[0], std::move(p)), weft::send(to[1], std::move(p)),
                         weft::send(to[2], std::move(p)), weft::timeout(1h));
        EXPECT_EQ(p, nullptr);
        return chosen;
      });
      yield_until(started);
      settle();
      const auto got = to[taker].recv();
      ASSERT_TRUE(*got);
      EXPECT_EQ(**got, 7);
      EXPECT_EQ(selecting.join(), taker);
    }
  });
}

TEST_P(SelectOperands, OneValueOfferedToSeveralIsStillThereIfNobodyTakesIt) {
  std::atomic<bool> started{false}, untouched{false};
  run([&] {
    auto a = weft::make_chan<std::string>();
    auto b = weft::make_chan<std::string>();
    auto in = weft::make_chan<int>(1);
    std::string s = text;
    EXPECT_EQ(weft::select(weft::send(a, std::move(s)), weft::send(b, std::move(s)),
                           weft::timeout(1ms)),
              2);
    EXPECT_EQ(s, text);  // NOLINT(bugprone-use-after-move): that is the question
    EXPECT_EQ(weft::select(weft::send(a, std::move(s)), weft::send(b, std::move(s)),
                           weft::otherwise()),
              2);
    EXPECT_EQ(s, text);
    auto later = weft::spawn([&] { in.send(1); });
    EXPECT_EQ(weft::select(weft::send(a, std::move(s)), weft::send(b, std::move(s)),
                           weft::recv(in)),
              2);
    later.join();
    EXPECT_EQ(s, text);
    weft::go([&] {
      std::string mine = text;
      started = true;
      try {
        weft::select(weft::send(a, std::move(mine)), weft::send(b, std::move(mine)));
      } catch (const weft::task_cancelled&) {
        untouched = mine == text;
      }
    });
    yield_until(started);
    settle();
  });
  EXPECT_TRUE(untouched);
}

TEST_P(SelectOperands, OneValueOfferedToSeveralThatAreReadyArrivesOnce) {
  run([] {
    for (int i = 0; i < 50; ++i) {
      auto a = weft::make_chan<std::string>(1);
      auto b = weft::make_chan<std::string>(1);
      std::string s = text;
      const int chosen = weft::select(weft::send(a, std::move(s)), weft::send(b, std::move(s)));
      EXPECT_EQ(a.len(), chosen == 0 ? 1u : 0u);
      EXPECT_EQ(b.len(), chosen == 1 ? 1u : 0u);
      EXPECT_EQ(*(chosen == 0 ? a : b).recv(), text);
    }
  });
}

TEST_P(SelectOperands, AValueThatOneCaseCopiesAndAnotherMovesArrivesInEitherCase) {
  run([] {
    for (int taker = 0; taker < 2; ++taker) {
      auto moved = weft::make_chan<std::string>();
      auto copied = weft::make_chan<std::string>();
      std::atomic<bool> started{false};
      auto selecting = weft::spawn([&] {
        std::string s = text;
        started = true;
        const int chosen = weft::select(weft::send(moved, std::move(s)), weft::send(copied, s));
        EXPECT_EQ(s.empty(), chosen == 0);
        return chosen;
      });
      yield_until(started);
      settle();
      EXPECT_EQ(*(taker == 0 ? moved : copied).recv(), text);
      EXPECT_EQ(selecting.join(), taker);
    }
  });
}

TEST_P(SelectOperands, ManyWhoOfferOneValueToManyLoseNone) {
  run([] {
    constexpr int rounds = 200;
    auto a = weft::make_chan<std::unique_ptr<int>>();
    auto b = weft::make_chan<std::unique_ptr<int>>(1);
    std::atomic<int> sum{0};
    std::vector<weft::task<void>> tasks;
    for (int t = 0; t < 4; ++t) {
      tasks.push_back(weft::spawn([&] {
        for (int i = 0; i < rounds; ++i) {
          auto p = std::make_unique<int>(1);
          while (weft::select(weft::send(a, std::move(p)), weft::send(b, std::move(p)),
                              weft::timeout(50us)) == 2)
            ASSERT_TRUE(p);
          ASSERT_FALSE(p);
        }
      }));
      tasks.push_back(weft::spawn([&] {
        for (int i = 0; i < rounds; ++i) {
          std::unique_ptr<int> got;
          weft::select(weft::recv(a, got), weft::recv(b, got));
          ASSERT_TRUE(got);
          sum += *got;
        }
      }));
    }
    for (auto& t : tasks) t.join();
    EXPECT_EQ(sum, 4 * rounds);
  });
}

}  // namespace
