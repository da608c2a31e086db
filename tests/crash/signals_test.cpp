// SEMANTICS, "Running" and "Environment": SIGQUIT prints every task and ends with 2; handlers chain to
// what was there, and can be refused.
#include <signal.h>

#include <string>

#include "tests/crash/crash.hpp"

namespace {

using weft_test::contains;
using weft_test::crash_program;
using weft_test::matches;
using weft_test::process_result;
using weft_test::run_crash_program;
using weft_test::subprocess;

process_result quit(const char* kind) {
  subprocess program({crash_program("signals"), kind});
  EXPECT_TRUE(program.wait_for_stdout("ready\n")) << program.err();
  program.send_signal(SIGQUIT);
  return program.wait();
}

TEST(SigQuit, PrintsEveryTaskAndEndsWithTwo) {
  const auto r = quit("quit");
  EXPECT_EQ(r.status, 2) << r.text();
  EXPECT_TRUE(matches(r.err, "task 1 \\[.*the main one")) << r.text();
  EXPECT_TRUE(matches(r.err, "task 2 \\[chan send")) << r.text();
  EXPECT_TRUE(contains(r.err, "signals.cpp:42")) << r.text();
  EXPECT_FALSE(contains(r.out, "my SIGQUIT")) << r.text();
}

TEST(SigQuit, ThenCallsTheHandlerThatWasThere) {
  const auto r = quit("quit_chained");
  EXPECT_EQ(r.status, 2) << r.text();
  EXPECT_TRUE(matches(r.err, "task 2 \\[chan send")) << r.text();
  EXPECT_TRUE(contains(r.out, "my SIGQUIT")) << r.text();
}

TEST(SigQuit, IsLeftAloneWhenHandlersAreRefused) {
  const auto r = quit("quit_refused");
  EXPECT_EQ(r.signal, SIGQUIT) << r.text();
  EXPECT_EQ(r.err, "");
}

TEST(SigSegv, ThatIsNoStackOverflowGoesToTheHandlerThatWasThere) {
  const auto r = run_crash_program("signals", {"segv_chained"});
  EXPECT_EQ(r.status, 9) << r.text();
  EXPECT_EQ(r.out, "my SIGSEGV\n");
  EXPECT_EQ(r.err, "");
}

TEST(SigSegv, IsLeftAloneWhenHandlersAreRefused) {
  const auto r = run_crash_program("signals", {"segv_refused"});
  EXPECT_EQ(r.status, 9) << r.text();
  EXPECT_EQ(r.out, "my SIGSEGV\n");
}

}  // namespace
