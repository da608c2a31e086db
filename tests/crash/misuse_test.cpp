// SEMANTICS: what is misused is fatal with a clear text, in every build, or an exception that says
// what was wrong.
#include <string>

#include "tests/crash/crash.hpp"

namespace {

using weft_test::contains;
using weft_test::first_line;
using weft_test::matches;
using weft_test::run_crash_program;

struct misuse {
  const char* kind;
  const char* shown;  // regular expression
};

std::string name_of(const ::testing::TestParamInfo<misuse>& parameter) {
  return parameter.param.kind;
}

class FatalMisuse : public ::testing::TestWithParam<misuse> {};

TEST_P(FatalMisuse, SaysWhatWasWrongAndListsTheTasks) {
  const auto r = run_crash_program("misuse", {GetParam().kind});
  EXPECT_EQ(r.status, 2) << r.text();
  EXPECT_TRUE(matches(first_line(r.err), std::string("^fatal error: ") + GetParam().shown)) << r.text();
  EXPECT_TRUE(matches(r.err, "task 1 \\[")) << r.text();
  EXPECT_EQ(r.out, "");
}

INSTANTIATE_TEST_SUITE_P(
    Misuse, FatalMisuse,
    ::testing::Values(
        misuse{"unlock_not_owned", "unlock of a mutex held by task 1, by task 2"},
        misuse{"unlock_free", "unlock of a mutex that is not locked"},
        misuse{"shared_unlock_not_owned", "unlock of a shared_mutex held by task 1, by task 2"},
        misuse{"shared_unlock_of_readers", "unlock of a shared_mutex that readers hold"},
        misuse{"unlock_shared_without_reader", "unlock_shared of a shared_mutex"},
        misuse{"condition_without_the_lock", "unlock of a mutex that is not locked"},
        misuse{"mutex_destroyed_while_held", "a mutex is destroyed"},
        misuse{"negative_wait_group", "negative wait_group"},
        misuse{"negative_add", "negative wait_group"},
        misuse{"negative_semaphore", "a negative number of semaphore units"},
        misuse{"barrier_of_none", "a barrier for less than one party"}),
    name_of);

class ThrownMisuse : public ::testing::TestWithParam<misuse> {};

TEST_P(ThrownMisuse, IsAnErrorThatSaysWhatWasWrong) {
  const auto r = run_crash_program("misuse", {GetParam().kind});
  EXPECT_EQ(r.status, 8) << r.text();
  EXPECT_TRUE(matches(r.out, std::string("^weft::error: .*") + GetParam().shown)) << r.text();
  EXPECT_EQ(r.err, "");
}

INSTANTIATE_TEST_SUITE_P(Misuse, ThrownMisuse,
                         ::testing::Values(misuse{"nested_run", "running already"},
                                           misuse{"run_in_blocking", "running already"},
                                           misuse{"start_inside", "running already"},
                                           misuse{"stop_inside", "inside a task"},
                                           misuse{"close_twice", "close of a closed channel"},
                                           misuse{"join_twice", "nothing to join"},
                                           misuse{"ticker_of_zero", "must be positive"},
                                           misuse{"spawn_without_runtime", "no runtime runs"}),
                         name_of);

}  // namespace
