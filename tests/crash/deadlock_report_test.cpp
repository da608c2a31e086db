// SEMANTICS, "Deadlock": what the report of an all-asleep state says, for each kind of wait.
#include <string>
#include <utility>

#include "tests/crash/crash.hpp"

namespace {

using weft_test::contains;
using weft_test::expect_deadlock;
using weft_test::matches;
using weft_test::run_crash_program;

TEST(DeadlockReport, NamesEachTaskWithItsWaitItsPlaceAndItsSpawnSite) {
  const auto r = run_crash_program("stuck_pair");
  expect_deadlock(r);
  EXPECT_EQ(r.out, "");
  // Main and two others, each with a number.
  EXPECT_TRUE(matches(r.err, "task [0-9]+ \\[wait_group wait")) << r.text();
  EXPECT_TRUE(matches(r.err, "task [0-9]+ \\[chan send")) << r.text();
  EXPECT_TRUE(matches(r.err, "task [0-9]+ \\[chan receive")) << r.text();
  // Where the two were spawned; the waits stand on the same lines, main's on its own.
  EXPECT_TRUE(contains(r.err, "stuck_pair.cpp:11")) << r.text();
  EXPECT_TRUE(contains(r.err, "stuck_pair.cpp:12")) << r.text();
  EXPECT_TRUE(contains(r.err, "stuck_pair.cpp:13")) << r.text();
}

TEST(DeadlockReport, SaysHowLongEachTaskHasWaited) {
  const auto r = run_crash_program("stuck_pair", {"late"});
  EXPECT_TRUE(matches(r.err, "task [0-9]+ \\[chan send, [1-9][0-9]* (ms|s)\\]")) << r.text();
  EXPECT_FALSE(contains(r.err, " 0 ms")) << r.text();
}

TEST(DeadlockReport, TheExampleDiesOfItsDeadlock) {
  const auto r = weft_test::run_program({weft_test::example_path("deadlock")});
  expect_deadlock(r);
  EXPECT_EQ(r.out, "");
  std::size_t sends = 0;
  for (std::size_t at = r.err.find("[chan send"); at != std::string::npos;
       at = r.err.find("[chan send", at + 1)) {
    ++sends;
  }
  EXPECT_EQ(sends, 2u) << r.text();  // main and the other task
  EXPECT_TRUE(contains(r.err, "deadlock.cpp:")) << r.text();
}

struct wait_kind {
  const char* argument;
  const char* shown;  // regular expression
};

class EachKindOfWait : public ::testing::TestWithParam<wait_kind> {};

TEST_P(EachKindOfWait, AloneIsADeadlockAndIsNamed) {
  const auto r = run_crash_program("wait_alone", {GetParam().argument});
  expect_deadlock(r);
  EXPECT_TRUE(matches(r.err, std::string("task [0-9]+ \\[") + GetParam().shown)) << r.text();
}

INSTANTIATE_TEST_SUITE_P(Deadlock, EachKindOfWait,
                         ::testing::Values(wait_kind{"chan_send", "chan send"},                  //
                                           wait_kind{"chan_send_full", "chan send"},             //
                                           wait_kind{"chan_receive", "chan receive"},            //
                                           wait_kind{"chan_receive_buffered", "chan receive"},   //
                                           wait_kind{"nil_send", "chan send.*nil"},              //
                                           wait_kind{"nil_receive", "chan receive.*nil"},        //
                                           wait_kind{"range", "chan receive"},                   //
                                           wait_kind{"select", "select"},                        //
                                           wait_kind{"select_nil", "select"},                    //
                                           wait_kind{"select_self", "select"},                   //
                                           wait_kind{"select_set", "select"},                    //
                                           wait_kind{"empty_select", "select.*no cases"},        //
                                           wait_kind{"wait_group", "wait_group"},                //
                                           wait_kind{"condition_wait", "condition wait"},        //
                                           wait_kind{"semaphore", "semaphore"},                  //
                                           wait_kind{"mutex_lock", "mutex lock"},                //
                                           wait_kind{"shared_mutex_lock", "shared_mutex lock"},  //
                                           wait_kind{"shared_mutex_lock_shared",
                                                     "shared_mutex lock_shared"},  //
                                           wait_kind{"join", "join"},              //
                                           wait_kind{"once", "once"},
                                           wait_kind{"barrier", "barrier"},
                                           wait_kind{"select_join", "select"}),
                         [](const ::testing::TestParamInfo<wait_kind>& parameter) {
                           return std::string(parameter.param.argument);
                         });

}  // namespace
