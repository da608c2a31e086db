// SEMANTICS, "Running": what becomes of tasks that remain when main returns, also of those that do
// not want to end; and what options.on_deadlock can be.
#include <string>

#include "tests/crash/crash.hpp"

namespace {

using weft_test::contains;
using weft_test::matches;
using weft_test::run_crash_program;

TEST(MainExit, CancelUnwindsThemBeforeRunReturns) {
  const auto r = run_crash_program("main_exit", {"cancel"});
  EXPECT_EQ(r.status, 5) << r.text();
  EXPECT_EQ(r.out, "main ends\ndestroyed\nrun returned 5\n");
  EXPECT_EQ(r.err, "");
}

TEST(MainExit, WaitLetsThemEndBeforeRunReturns) {
  const auto r = run_crash_program("main_exit", {"wait"});
  EXPECT_EQ(r.status, 5) << r.text();
  EXPECT_EQ(r.out, "main ends\ndestroyed\nrun returned 5\n");
  EXPECT_EQ(r.err, "");
}

TEST(MainExit, AbandonRunsNoDestructor) {
  const auto r = run_crash_program("main_exit", {"abandon"});
  EXPECT_EQ(r.status, 5) << r.text();
  EXPECT_EQ(r.out, "main ends\nrun returned 5\n");
  EXPECT_EQ(r.err, "");
}

TEST(MainExit, AfterTheGraceWhoRemainsIsReportedAndTheProcessLeavesWithMainsStatus) {
  for (const char* kind : {"busy", "stubborn"}) {
    const auto r = run_crash_program("main_exit", {kind});
    EXPECT_EQ(r.status, 5) << r.text();
    EXPECT_EQ(r.out, "main ends\n") << r.text();
    EXPECT_TRUE(contains(r.err, "1 task did not end in time")) << r.text();
    EXPECT_TRUE(matches(r.err, "task [0-9]+ \\[")) << r.text();
    EXPECT_TRUE(contains(r.err, "main_exit.cpp:31")) << r.text();
  }
}

TEST(MainExit, AbandonedTaskThatKeepsItsThreadDoesNotKeepTheProcess) {
  const auto r = run_crash_program("main_exit", {"abandon_a_busy_one"});
  EXPECT_EQ(r.status, 5) << r.text();
  EXPECT_EQ(r.out, "main ends\n") << r.text();
}

TEST(OnDeadlock, ACallbackGetsTheReport) {
  const auto r = run_crash_program("on_deadlock", {"callback_that_leaves"});
  EXPECT_EQ(r.status, 7) << r.text();
  EXPECT_EQ(r.err, "");
  EXPECT_TRUE(contains(r.out, "3 tasks: 3 tasks: 1 in chan receive, 2 in chan receive")) << r.text();
  EXPECT_TRUE(contains(r.out, "\"verdict\":\"definite\"")) << r.text();
  EXPECT_FALSE(contains(r.out, "not definite")) << r.text();
}

TEST(OnDeadlock, ACallbackMayWakeThemAndTheProcessGoesOn) {
  const auto r = run_crash_program("on_deadlock", {"callback_that_wakes"});
  EXPECT_EQ(r.status, 4) << r.text();
  EXPECT_EQ(r.err, "");
  for (const char* line : {"task 0: closed\n", "task 1: closed\n", "main: closed\n"})
    EXPECT_TRUE(contains(r.out, line)) << r.text();
}

TEST(OnDeadlock, UnwindLetsTheirWaitsThrow) {
  const auto r = run_crash_program("on_deadlock", {"unwind"});
  EXPECT_EQ(r.status, 3) << r.text();
  EXPECT_EQ(r.err, "");
  for (const char* line : {"task 0: deadlocked\n", "task 1: deadlocked\n", "main: deadlocked\n"})
    EXPECT_TRUE(contains(r.out, line)) << r.text();
}

TEST(OnDeadlock, UnwindThatLeavesTheMainTaskLeavesRun) {
  const auto r = run_crash_program("on_deadlock", {"unwind_and_leave"});
  EXPECT_EQ(r.status, 5) << r.text();
  EXPECT_TRUE(contains(r.out, "out of run: deadlocked\n")) << r.text();
}

struct stopped_wait {
  const char* argument;
  const char* shown;  // regular expression
};

class NoexceptFrame : public ::testing::TestWithParam<stopped_wait> {};

TEST_P(NoexceptFrame, ThatStopsACancellationIsFatalAndTheTextNamesTheWait) {
  const auto r = run_crash_program("noexcept_frame", {GetParam().argument});
  EXPECT_EQ(r.status, 2) << r.text();
  EXPECT_TRUE(matches(weft_test::first_line(r.err), GetParam().shown)) << r.text();
  EXPECT_TRUE(contains(r.err, "task 2")) << r.text();
}

INSTANTIATE_TEST_SUITE_P(
    Cancellation, NoexceptFrame,
    ::testing::Values(
        stopped_wait{"receive", "cancellation of task 2 .*\\[chan receive\\].*noexcept_frame.cpp:16"},
        stopped_wait{"semaphore", "cancellation of .*\\[semaphore acquire\\].*noexcept_frame.cpp:20"},
        stopped_wait{"destructor", "cancellation of .*\\[chan receive\\].*noexcept_frame.cpp:12"},
        stopped_wait{"late", "cancellation of task 2 .*in a blocking call"},
        stopped_wait{"yield", "cancellation of task 2 .*in a blocking call"},
        stopped_wait{"deadlock", "deadlock unwinding of .*\\[chan receive\\].*noexcept_frame.cpp:16"}),
    [](const ::testing::TestParamInfo<stopped_wait>& parameter) {
      return std::string(parameter.param.argument);
    });

}  // namespace
