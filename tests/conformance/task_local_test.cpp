// SEMANTICS, "Tasks": task_local<T>: each task has a value of its own, which ends with the task.
#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/run.hpp"

namespace {

using weft_test::on_workers;

class TaskLocal : public on_workers {};
WEFT_ON_WORKERS(TaskLocal);

weft::task_local<int> number;
weft::task_local<std::string> text([] { return std::string("fresh"); });

TEST_P(TaskLocal, EachTaskHasItsOwnValueAcrossParks) {
  run([] {
    *number = -1;
    weft::wait_group all;
    for (int n = 1; n <= 50; ++n) {
      all.go([n] {
        EXPECT_EQ(*number, 0);
        int& mine = *number;
        mine = n;
        for (int i = 0; i < 10; ++i) {
          weft::this_task::yield();
          EXPECT_EQ(number.get(), n);
          EXPECT_EQ(&*number, &mine);
        }
      });
    }
    all.wait();
    EXPECT_EQ(*number, -1);
  });
}

TEST_P(TaskLocal, TheFunctionGivenMakesTheFirstValue) {
  run([] {
    EXPECT_EQ(text.get(), "fresh");
    text->append("er");
    EXPECT_EQ(*text, "fresher");
  });
}

TEST_P(TaskLocal, ANewTaskInAUsedSlotStartsAfresh) {
  run([] {
    for (int i = 0; i < 20; ++i) {
      weft::spawn([] {
        EXPECT_EQ(*number, 0);
        *number = 7;
      }).join();
    }
  });
}

struct order {
  std::vector<int>& into;
  int n;
  ~order() { into.push_back(n); }
};

TEST_P(TaskLocal, ValuesAreDestroyedLastMadeFirstBeforeJoinReturns) {
  static weft::task_local<std::unique_ptr<order>> locals[3];
  run([] {
    std::vector<int> ended;
    weft::spawn([&] {
      for (int n = 0; n < 3; ++n) locals[n]->reset(new order{ended, n});
    }).join();
    EXPECT_EQ(ended, (std::vector<int>{2, 1, 0}));
  });
}

struct parks_at_end {
  std::atomic<int>* ended = nullptr;
  std::uint64_t id = 0;
  ~parks_at_end() {
    if (ended == nullptr) return;
    EXPECT_EQ(weft::this_task::id(), id);
    EXPECT_EQ(std::uncaught_exceptions(), 0);
    auto ch = weft::make_chan<int>();
    weft::go([ch] { ch.send(1); });
    EXPECT_EQ(ch.recv(), 1);
    ++*ended;
  }
};

TEST_P(TaskLocal, TheDestructorRunsOnTheTasksOwnStackAndMayWait) {
  static weft::task_local<parks_at_end> local;
  std::atomic<int> ended{0};
  run([&] {
    for (int i = 0; i < 3; ++i) {
      auto t = weft::spawn([&] {
        local->ended = &ended;
        local->id = weft::this_task::id();
        if (i == 1) throw std::runtime_error("ends it");
        if (i == 2) weft::this_task::exit();
      });
      try {
        t.join();
        EXPECT_EQ(i, 0);
      } catch (const weft::task_ended&) {
        EXPECT_EQ(i, 2);
      } catch (const std::runtime_error&) {
        EXPECT_EQ(i, 1);
      }
      EXPECT_EQ(ended, i + 1);
    }
  });
}

TEST_P(TaskLocal, TheDestructorInACancelledTaskMayWaitToo) {
  static weft::task_local<parks_at_end> local;
  std::atomic<int> ended{0};
  run([&] {
    std::atomic<bool> set{false};
    auto t = weft::spawn([&] {
      local->ended = &ended;
      local->id = weft::this_task::id();
      set = true;
      weft::chan<int>().recv();
    });
    weft_test::yield_until(set);
    t.cancel();
    EXPECT_THROW(t.join(), weft::task_ended);
    EXPECT_EQ(ended, 1);
  });
}

TEST_P(TaskLocal, OfTheMainTaskEndsBeforeRunReturns) {
  static weft::task_local<parks_at_end> local;
  std::atomic<int> ended{0};
  run([&] {
    local->ended = &ended;
    local->id = weft::this_task::id();
  });
  EXPECT_EQ(ended, 1);
}

TEST_P(TaskLocal, OfATaskOfAGroupEndsBeforeTheGroupsWaitReturns) {
  static weft::task_local<parks_at_end> local;
  std::atomic<int> ended{0};
  run([&] {
    weft::group group;
    for (int i = 0; i < 5; ++i) {
      group.go([&] {
        local->ended = &ended;
        local->id = weft::this_task::id();
      });
    }
    group.wait();
    EXPECT_EQ(ended, 5);
  });
}

TEST_P(TaskLocal, ABlockingRegionSeesTheTasksValue) {
  run([] {
    *number = 5;
    weft::blocking([] { EXPECT_EQ((*number)++, 5); });
    EXPECT_EQ(*number, 6);
  });
}

TEST_P(TaskLocal, AMakerThatThrowsLeavesNothingBehind) {
  static int calls = 0;
  static weft::task_local<int> local([]() -> int {
    if (++calls == 1) throw std::runtime_error("not yet");
    return 3;
  });
  calls = 0;
  run([] {
    EXPECT_THROW(local.get(), std::runtime_error);
    EXPECT_EQ(local.get(), 3);
  });
}

TEST_P(TaskLocal, AnObjectInTheSamePlaceIsAnotherVariable) {
  run([] {
    alignas(weft::task_local<int>) unsigned char memory[sizeof(weft::task_local<int>)];
    for (int i = 0; i < 3; ++i) {
      auto* local = ::new (static_cast<void*>(memory)) weft::task_local<int>;
      EXPECT_EQ(**local, 0);
      **local = 9;
      local->~task_local();
    }
  });
}

TEST(TaskLocalOutside, AForeignThreadHasOneOfItsOwn) {
  static weft::task_local<std::shared_ptr<int>> local;
  *local = std::make_shared<int>(1);
  std::weak_ptr<int> seen;
  std::thread([&] {
    EXPECT_EQ(*local, nullptr);
    *local = std::make_shared<int>(2);
    seen = *local;
    weft_test::run(2, [] { EXPECT_EQ(*local, nullptr); });
    EXPECT_EQ(**local, 2);
  }).join();
  EXPECT_TRUE(seen.expired());
  EXPECT_EQ(**local, 1);
  *local = nullptr;
}

}  // namespace
