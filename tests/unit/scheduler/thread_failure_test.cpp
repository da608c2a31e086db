// The system refuses threads: at the begin of a run that is an error and nothing is left; later the
// program goes on with the threads that there are.
#include <gtest/gtest.h>

#include <atomic>
#include <system_error>

#include "scheduler/scheduler.hpp"
#include "tests/support/run.hpp"

namespace {

using launcher = bool (*)(weft::sched::worker&) noexcept;

std::atomic<int> allowed{0};
launcher real = nullptr;

bool launch_some(weft::sched::worker& w) noexcept {
  return allowed.fetch_sub(1) > 0 && real(w);
}

class ThreadFailure : public ::testing::Test {
 protected:
  void SetUp() override {
    real = weft::sched::thread_launcher;
    weft::sched::thread_launcher = &launch_some;
  }
  void TearDown() override { weft::sched::thread_launcher = real; }
};

TEST_F(ThreadFailure, AtTheBeginIsASystemErrorAndALaterRunWorks) {
  allowed = 0;
  EXPECT_THROW(weft_test::run(2, [] {}), std::system_error);
  allowed = 100;
  EXPECT_EQ(weft_test::run(2, [] { return 3; }), 3);
}

// All tasks still run, on the one thread, also those that others would be woken for.
TEST_F(ThreadFailure, LaterLeavesTheWorkToThoseThatRun) {
  allowed = 1;
  std::atomic<int> ran{0};
  weft_test::run(4, [&] {
    weft::wait_group all;
    for (int i = 0; i < 200; ++i)
      all.go([&] {
        weft::this_task::yield();
        weft::sleep_for(std::chrono::microseconds(10));
        ++ran;
      });
    all.wait();
  });
  EXPECT_EQ(ran, 200);
}

// A blocking region that finds no thread for its processor blocks the others, no more: they go on
// when it ends.
TEST_F(ThreadFailure, AtAHandOffOnlyDelaysTheOthers) {
  allowed = 1;
  std::atomic<int> ran{0};
  weft_test::run(2, [&] {
    weft::wait_group all;
    for (int i = 0; i < 20; ++i) all.go([&] { ++ran; });
    for (int i = 0; i < 20; ++i) weft::blocking([] {});
    all.wait();
  });
  EXPECT_EQ(ran, 20);
}

}  // namespace
