// Tasks do not wait for ever behind others: workers without work take it from those that have some,
// whatever it lies in, and tasks that wake each other leave a turn to the rest. Each test hangs
// where that is not so; ctest ends it.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include <weft/weft.hpp>
#include "tests/support/run.hpp"

namespace {

using weft_test::run;

// Keeps its worker busy without a call to weft.
template <class Condition>
void hog_until(Condition condition) {
  while (!condition()) std::this_thread::yield();
}

void hog_for(std::chrono::microseconds time) {
  const auto end = std::chrono::steady_clock::now() + time;
  hog_until([&] { return std::chrono::steady_clock::now() >= end; });
}

// Each task waits for its partner, the next one to arrive, so two must always run at once.
TEST(Spread, TasksInAQueueAreTakenByAnotherWorker) {
  constexpr int tasks = 200;
  std::atomic<int> arrived{0};
  EXPECT_EQ(run(2,
                [&] {
                  weft::wait_group all;
                  for (int i = 0; i < tasks; ++i)
                    all.go([&] {
                      const int partner = arrived.fetch_add(1) | 1;
                      hog_until([&] { return arrived.load() > partner; });
                    });
                  all.wait();
                }),
            0);
  EXPECT_EQ(arrived.load(), tasks);
}

// Who wakes a task and then keeps its worker busy: the woken one was meant to run there next.
TEST(Spread, ATaskThatWasWokenByABusyOneRunsElsewhere) {
  constexpr int rounds = 20;
  std::atomic<int> answers{0};
  EXPECT_EQ(run(2,
                [&] {
                  auto ch = weft::make_chan<int>();
                  auto answering = weft::spawn([&, ch] {
                    for (int i : ch) answers = i + 1;
                  });
                  for (int i = 0; i < rounds; ++i) {
                    hog_for(std::chrono::microseconds(
                        300));  // the other worker finds nothing and goes to sleep
                    ch.send(i);
                    hog_until([&] { return answers.load() == i + 1; });
                  }
                  ch.close();
                  answering.join();
                }),
            0);
}

TEST(Spread, ATimerOfABusyWorkerFiresElsewhere) {
  constexpr int rounds = 5;
  std::atomic<int> slept{0};
  EXPECT_EQ(run(2,
                [&] {
                  for (int i = 0; i < rounds; ++i) {
                    auto sleeping = weft::spawn([&] {
                      weft::sleep_for(std::chrono::milliseconds(1));
                      ++slept;
                    });
                    weft::this_task::yield();
                    hog_until([&] { return slept.load() == i + 1; });
                    sleeping.join();
                  }
                }),
            0);
}

// Two tasks that hand a value to and fro go on until the third has run.
TEST(Spread, TasksThatWakeEachOtherLeaveATurnToTheRest) {
  for (unsigned workers : {1u, 2u}) {
    std::atomic<bool> has_run{false};
    EXPECT_EQ(run(workers,
                  [&] {
                    auto there = weft::make_chan<int>();
                    auto back = weft::make_chan<int>();
                    auto echo = weft::spawn([=] {
                      for (int i : there) back.send(i);
                    });
                    there.send(0);
                    back.recv();
                    auto third = weft::spawn([&] {
                      weft::this_task::yield();
                      has_run = true;
                    });
                    for (int i = 0; !has_run; ++i) {
                      there.send(i);
                      back.recv();
                    }
                    there.close();
                    echo.join();
                    third.join();
                  }),
              0);
  }
}

}  // namespace
