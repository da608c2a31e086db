// SEMANTICS, "Tasks": go, spawn and join, arguments, ids, yield.
#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include "tests/support/counted.hpp"
#include "tests/support/run.hpp"

namespace {

using weft_test::on_workers;
using weft_test::yield_until;

class Tasks : public on_workers {};
WEFT_ON_WORKERS(Tasks);

TEST_P(Tasks, GoRunsTheCallableWithItsArguments) {
  run([] {
    auto result = weft::make_chan<std::string>(1);
    weft::go([](weft::chan<std::string> out, int n,
                const std::string& s) { out.send(s + std::to_string(n)); },
             result, 7, "seven ");
    EXPECT_EQ(result.recv(), "seven 7");
  });
}

int twice(int n) {
  return 2 * n;
}

struct adder {
  int base;
  int add(int n) const { return base + n; }
};

TEST_P(Tasks, SpawnTakesWhatStdInvokeTakes) {
  run([] {
    EXPECT_EQ(weft::spawn(twice, 21).join(), 42);
    EXPECT_EQ(weft::spawn(&adder::add, adder{40}, 2).join(), 42);
    EXPECT_EQ(weft::spawn([](int a, int b) { return a - b; }, 50, 8).join(), 42);
  });
}

TEST_P(Tasks, JoinReturnsTheValue) {
  run([] {
    auto t = weft::spawn([] {
      weft::this_task::yield();
      return std::string("value");
    });
    static_assert(std::is_same_v<decltype(t), weft::task<std::string>>);
    EXPECT_EQ(t.join(), "value");
  });
}

TEST_P(Tasks, JoinReturnsAMoveOnlyValue) {
  run([] {
    auto t = weft::spawn([] { return std::make_unique<int>(5); });
    std::unique_ptr<int> p = t.join();
    EXPECT_EQ(*p, 5);
  });
}

TEST_P(Tasks, JoinOfAVoidTaskWaitsForItsEnd) {
  run([] {
    std::atomic<int> steps{0};
    auto t = weft::spawn([&] {
      for (int i = 0; i < 10; ++i) {
        weft::this_task::yield();
        ++steps;
      }
    });
    static_assert(std::is_void_v<decltype(t.join())>);
    t.join();
    EXPECT_EQ(steps, 10);
  });
}

TEST_P(Tasks, JoinWorksAfterTheTaskHasEnded) {
  run([] {
    std::atomic<bool> nearly{false};
    auto t = weft::spawn([&] {
      nearly = true;
      return 1;
    });
    yield_until(nearly);
    weft_test::settle();
    EXPECT_EQ(t.join(), 1);
  });
}

TEST_P(Tasks, JoinRethrowsTheException) {
  run([] {
    auto t = weft::spawn([]() -> int { throw std::out_of_range("from the task"); });
    try {
      t.join();
      ADD_FAILURE() << "join returned";
    } catch (const std::out_of_range& e) {
      EXPECT_STREQ(e.what(), "from the task");
    }
    auto u = weft::spawn([] { throw 17; });
    EXPECT_THROW(u.join(), int);
  });
}

TEST_P(Tasks, ManyTasksAreJoinedInAnyOrder) {
  run([] {
    std::vector<weft::task<int>> tasks;
    for (int i = 0; i < 200; ++i) {
      tasks.push_back(weft::spawn([i] {
        if (i % 3 == 0) weft::this_task::yield();
        return i;
      }));
    }
    int sum = 0;
    for (std::size_t i = tasks.size(); i-- > 0;) sum += tasks[i].join();
    EXPECT_EQ(sum, 199 * 200 / 2);
  });
}

TEST(TaskHandle, IsMovableOnly) {
  static_assert(!std::is_copy_constructible_v<weft::task<int>>);
  static_assert(!std::is_copy_assignable_v<weft::task<int>>);
  static_assert(std::is_nothrow_move_constructible_v<weft::task<int>>);
  static_assert(!std::is_copy_constructible_v<weft::task<void>>);
}

TEST_P(Tasks, AHandleCanBeMoved) {
  run([] {
    auto a = weft::spawn([] { return 8; });
    weft::task<int> b = std::move(a);
    EXPECT_FALSE(a.joinable());  // NOLINT(bugprone-use-after-move): that is the question
    EXPECT_TRUE(b.joinable());
    EXPECT_EQ(b.join(), 8);
  });
}

TEST_P(Tasks, JoinableUntilJoined) {
  run([] {
    auto t = weft::spawn([] { return 8; });
    EXPECT_TRUE(t.joinable());
    t.join();
    EXPECT_FALSE(t.joinable());
  });
}

TEST_P(Tasks, ADetachedTaskGoesOn) {
  run([] {
    auto done = weft::make_chan<int>();
    auto t = weft::spawn([done] { done.send(3); });
    t.detach();
    EXPECT_FALSE(t.joinable());
    EXPECT_EQ(done.recv(), 3);
  });
}

TEST_P(Tasks, MoveOnlyArgumentsAndCallables) {
  run([] {
    auto result = weft::make_chan<int>(1);
    weft::go([result](std::unique_ptr<int> p) { result.send(*p); }, std::make_unique<int>(4));
    EXPECT_EQ(result.recv(), 4);
    EXPECT_EQ(
        weft::spawn([](weft_test::move_only m) { return m.value; }, weft_test::move_only(6)).join(),
        6);
    EXPECT_EQ(weft::spawn([p = std::make_unique<int>(9)] { return *p; }).join(), 9);
  });
}

struct records_where_it_is_copied {
  std::uint64_t copied_in = 0;
  records_where_it_is_copied() = default;
  records_where_it_is_copied(const records_where_it_is_copied&)
      : copied_in(weft::this_task::id()) {}
  records_where_it_is_copied(records_where_it_is_copied&& other) noexcept
      : copied_in(other.copied_in) {}
};

TEST_P(Tasks, ArgumentsAreDecayCopiedInTheCaller) {
  run([] {
    const records_where_it_is_copied original;
    auto t = weft::spawn([](const records_where_it_is_copied& mine) { return mine.copied_in; },
                         original);
    EXPECT_EQ(t.join(), weft::this_task::id());

    int n = 1;
    auto u = weft::spawn(
        [](int& mine) {
          ++mine;
          return mine;
        },
        std::ref(n));
    EXPECT_EQ(u.join(), 2);
    EXPECT_EQ(n, 2);

    char text[] = "before";
    std::atomic<bool> go_on{false};
    auto v = weft::spawn(
        [&go_on](std::string mine, int m) {
          yield_until(go_on);
          return mine + std::to_string(m);
        },
        std::string(text), n);
    n = 99;
    text[0] = 'X';
    go_on = true;
    EXPECT_EQ(v.join(), "before2");
  });
}

struct throws_when_copied {
  throws_when_copied() = default;
  throws_when_copied(const throws_when_copied&) { throw std::runtime_error("copy"); }
};

TEST_P(Tasks, AnArgumentThatCannotBeCopiedThrowsInTheCaller) {
  run([] {
    const throws_when_copied argument;
    EXPECT_THROW(weft::go([](const throws_when_copied&) { ADD_FAILURE() << "ran"; }, argument),
                 std::runtime_error);
  });
}

TEST_P(Tasks, ArgumentsAndCallableAreDestroyedWhenTheTaskIsDone) {
  using weft_test::counted;
  counted::count.reset();
  run([] {
    weft::spawn([c = counted(1)](const counted&) {}, counted(2)).join();
    auto t = weft::spawn([c = counted(1)](const counted&) { throw 1; }, counted(2));
    EXPECT_THROW(t.join(), int);
  });
  EXPECT_EQ(counted::count.alive(), 0);
}

TEST_P(Tasks, IdsAreUniqueAndTheSameFromInsideAndOutside) {
  run([] {
    static_assert(std::is_same_v<decltype(weft::this_task::id()), std::uint64_t>);
    std::set<std::uint64_t> ids{weft::this_task::id()};
    std::vector<weft::task<std::uint64_t>> tasks;
    for (int i = 0; i < 100; ++i) {
      tasks.push_back(weft::spawn([] {
        const auto before = weft::this_task::id();
        weft::this_task::yield();
        EXPECT_EQ(before, weft::this_task::id());
        return before;
      }));
      ids.insert(tasks.back().id());
    }
    EXPECT_EQ(ids.size(), 101u);
    for (auto& t : tasks) {
      const auto outside = t.id();
      EXPECT_EQ(t.join(), outside);
    }
  });
}

TEST_P(Tasks, YieldLetsOthersRun) {
  run([] {
    std::atomic<int> turn{0};
    auto other = weft::spawn([&] {
      for (int i = 0; i < 100; ++i) {
        yield_until([&] { return turn == 1; });
        turn = 0;
      }
    });
    for (int i = 0; i < 100; ++i) {
      turn = 1;
      yield_until([&] { return turn == 0; });
    }
    other.join();
  });
}

TEST_P(Tasks, TasksSpawnTasks) {
  struct tree {
    static int count(int depth) {
      if (depth == 0) return 1;
      auto left = weft::spawn(count, depth - 1);
      auto right = weft::spawn(count, depth - 1);
      return 1 + left.join() + right.join();
    }
  };
  EXPECT_EQ(run([] { return tree::count(8); }), 511);
}

}  // namespace
