// SEMANTICS, "Running" and "Tasks": an exception that leaves a detached task, the report of
// leftovers, overflow of a stack.
#include <csignal>
#include <string>

#include "tests/crash/crash.hpp"

namespace {

using weft_test::contains;
using weft_test::first_line;
using weft_test::matches;
using weft_test::run_crash_program;

TEST(Panic, NamesTheTypeTheTextTheTaskAndItsSpawnSite) {
  const auto r = run_crash_program("panic", {"runtime_error"});
  EXPECT_EQ(r.status, 2) << r.text();
  EXPECT_EQ(first_line(r.err).rfind("panic: ", 0), 0u) << r.text();
  EXPECT_TRUE(contains(first_line(r.err), "panic: std::runtime_error: boom")) << r.text();
  EXPECT_TRUE(matches(r.err, "task [0-9]+")) << r.text();
  EXPECT_TRUE(contains(r.err, "panic.cpp:33")) << r.text();
}

TEST(Panic, PrintsTheOtherTasks) {
  const auto r = run_crash_program("panic", {"runtime_error"});
  EXPECT_TRUE(contains(r.err, "panic.cpp:31")) << r.text();
  EXPECT_TRUE(contains(r.err, ": main")) << r.text();
}

TEST(Panic, NamesATypeOfTheProgram) {
  const auto r = run_crash_program("panic", {"own"});
  EXPECT_EQ(r.status, 2) << r.text();
  EXPECT_TRUE(matches(first_line(r.err), "panic: .*special_error: my own boom")) << r.text();
}

TEST(Panic, OfWhatIsNoStdException) {
  const auto r = run_crash_program("panic", {"int"});
  EXPECT_EQ(r.status, 2) << r.text();
  EXPECT_TRUE(contains(first_line(r.err), "panic: int")) << r.text();
}

TEST(Leftovers, AreReportedWhenAskedFor) {
  const auto r = run_crash_program("leftovers");
  EXPECT_EQ(r.status, 5) << r.text();
  EXPECT_EQ(r.out, "main ends\n");
  EXPECT_TRUE(matches(r.err, "task [0-9]+ \\[chan send")) << r.text();
  EXPECT_TRUE(matches(r.err, "task [0-9]+ \\[chan receive")) << r.text();
  EXPECT_TRUE(matches(r.err, "task [0-9]+ \\[select")) << r.text();
  EXPECT_TRUE(contains(r.err, "leftovers.cpp:26")) << r.text();
  EXPECT_TRUE(contains(r.err, "leftovers.cpp:27")) << r.text();
  EXPECT_TRUE(contains(r.err, "leftovers.cpp:28")) << r.text();
  EXPECT_FALSE(contains(r.err, ": main")) << "the main task is no leftover of itself\n" << r.text();
}

TEST(Leftovers, AreNotReportedUnasked) {
  const auto r = run_crash_program("leftovers", {"quiet"});
  EXPECT_EQ(r.status, 5) << r.text();
  EXPECT_EQ(r.out, "main ends\n");
  EXPECT_EQ(r.err, "");
}

TEST(StackOverflow, OfTheMainTaskIsReportedAsSuch) {
  for (const char* kind : {"main", "wide"}) {
    const auto r = run_crash_program("overflow", {kind});
    EXPECT_EQ(r.status, 2) << r.text();
    EXPECT_TRUE(contains(r.err, "stack overflow")) << r.text();
    EXPECT_TRUE(matches(r.err, "task [0-9]+")) << r.text();
  }
}

TEST(StackOverflow, NamesTaskSpawnSiteAndSize) {
  const auto r = run_crash_program("overflow", {"spawned"});
  EXPECT_EQ(r.status, 2) << r.text();
  EXPECT_TRUE(contains(r.err, "stack overflow")) << r.text();
  EXPECT_TRUE(matches(r.err, "task [0-9]+")) << r.text();
  EXPECT_TRUE(contains(r.err, "overflow.cpp:33")) << r.text();
  EXPECT_TRUE(matches(r.err, "[0-9]+ (bytes|B|KiB|MiB)")) << r.text();
}

TEST(StackOverflow, IsNotSaidOfANullPointer) {
  const auto r = run_crash_program("overflow", {"null"});
  EXPECT_FALSE(contains(r.err, "stack overflow")) << r.text();
  EXPECT_NE(r.status, 0) << r.text();
  EXPECT_NE(r.status, 2) << r.text();
}

TEST(Panic, ATaskWhoseHandleWasDetachedPanicsAsOneThatNeverHadOne) {
  const auto r = run_crash_program("panic", {"own", "detached"});
  EXPECT_EQ(r.status, 2) << r.text();
  EXPECT_TRUE(matches(first_line(r.err), "panic: .*special_error: my own boom")) << r.text();
}

}  // namespace
