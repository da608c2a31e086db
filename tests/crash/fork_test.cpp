// SEMANTICS is silent on fork(); what holds is written in scheduler/fork.cpp and docs/tasks.md: the
// child has no runtime, says so clearly, and may have a fresh one.
#include <string>

#include "tests/crash/crash.hpp"
#include "tests/support/run.hpp"

namespace {

using weft_test::contains;
using weft_test::run_crash_program;

// TSan lets a forked child start no threads.
#define NOT_UNDER_TSAN() \
  if (weft_test::under_tsan) GTEST_SKIP()

void expect_output(const char* how, const char* text) {
  const auto r = run_crash_program("fork", {how});
  EXPECT_EQ(r.status, 0) << r.text();
  EXPECT_TRUE(contains(r.out, text)) << r.text();
}

TEST(Fork, SpawningInAForkedTaskSaysThatTheRuntimeIsTheParents) {
  expect_output("go", "the runtime is its parent's");
}

TEST(Fork, StopInAChildIsAnError) { expect_output("stop", "this process was forked"); }

TEST(Fork, TheChildOfATaskIsAPlainThread) { expect_output("id", "id 0"); }

TEST(Fork, AFreshRuntimeOnAForkedTask) {
  NOT_UNDER_TSAN();
  expect_output("run", "a fresh runtime: 60");
}

TEST(Fork, AFreshRuntimeInABlockingRegion) {
  NOT_UNDER_TSAN();
  expect_output("blocking", "a fresh runtime: 60");
}

TEST(Fork, AFreshRuntimeOnAForkedThread) {
  NOT_UNDER_TSAN();
  expect_output("thread", "a fresh runtime: 60");
}

TEST(Fork, BetweenRunsBothGoOn) {
  NOT_UNDER_TSAN();
  expect_output("between", "a fresh runtime: 60\na fresh runtime: 60");
}

TEST(Fork, ThreadsOfTheChildUseChannelsAndLocks) {
  NOT_UNDER_TSAN();
  expect_output("threads", "received 4");
}

TEST(Fork, ExecWorks) { expect_output("exec", "replaced"); }

TEST(Fork, ExitWorks) {
  const auto r = run_crash_program("fork", {"exit"});
  EXPECT_EQ(r.status, 7) << r.text();
}

TEST(Fork, AForkedTaskThatReturnsIsFatal) {
  const auto r = run_crash_program("fork", {"return"});
  EXPECT_EQ(r.status, 2) << r.text();
  EXPECT_TRUE(contains(r.err, "has returned in a forked process")) << r.text();
}

TEST(Statics, AreDestroyedAfterTheRunAndWorkAmongThreadsThen) {
  const auto r = run_crash_program("statics", {"return"});
  EXPECT_EQ(r.status, 0) << r.text();
  EXPECT_TRUE(contains(r.out, "after main: 3, and no runtime")) << r.text();
}

TEST(Statics, ServeSeveralRuns) {
  const auto r = run_crash_program("statics", {"several"});
  EXPECT_EQ(r.status, 0) << r.text();
}

TEST(Statics, ATaskMayLeaveTheProcessByExit) {
  const auto r = run_crash_program("statics", {"exit"});
  EXPECT_EQ(r.status, 7) << r.text();
}

TEST(Statics, AHostMayReturnFromMainWithoutStop) {
  const auto r = run_crash_program("statics", {"exit_beside_start"});
  EXPECT_EQ(r.status, 9) << r.text();
}

}  // namespace
