// SEMANTICS, "Deadlock": what must not hide a deadlock, what must prevent the verdict, and foreign
// threads.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <thread>

#include "tests/crash/crash.hpp"

namespace {

using weft_test::contains;
using weft_test::crash_program;
using weft_test::expect_deadlock;
using weft_test::matches;
using weft_test::run_crash_program;
using weft_test::subprocess;

class DeadlockBeside : public ::testing::TestWithParam<const char*> {};

TEST_P(DeadlockBeside, IsFound) {
  const auto r = run_crash_program("hidden", {GetParam()});
  expect_deadlock(r);
  EXPECT_TRUE(contains(r.err, "[chan send")) << r.text();
  EXPECT_TRUE(contains(r.err, "[chan receive")) << r.text();
}

INSTANTIATE_TEST_SUITE_P(Deadlock, DeadlockBeside,
                         ::testing::Values("nothing", "idle_listener", "idle_connection",
                                           "signal_handler", "timeout_that_was_not_needed",
                                           "tasks_that_ended", "blocking_that_ended",
                                           "waker_that_ended", "unread_timers", "stopped_timers",
                                           "closed_listener", "deadline_of_a_connection",
                                           "threads_that_ended"),
                         [](const ::testing::TestParamInfo<const char*>& parameter) {
                           return std::string(parameter.param);
                         });

TEST(Deadlock, IsFoundBesideALinkedLibrary) {
  if (::access(crash_program("hidden_openssl").c_str(), X_OK) != 0)
    GTEST_SKIP() << "built without OpenSSL";
  expect_deadlock(run_crash_program("hidden_openssl"));
}

TEST(Deadlock, IsFoundBesideAPendingTimerThatNobodyWaitsFor) {
  expect_deadlock(run_crash_program("hidden_timer"));
}

// Each of these ends by itself: what keeps the last task alive comes to its end after a while.
class NoDeadlockWhile : public ::testing::TestWithParam<const char*> {};

TEST_P(NoDeadlockWhile, TaskCanStillWakeTheOthers) {
  const auto r = run_crash_program("alive", {GetParam()});
  EXPECT_EQ(r.status, 0) << r.text();
  EXPECT_EQ(r.out, "woken\n");
  EXPECT_FALSE(contains(r.err, "deadlock")) << r.text();
}

INSTANTIATE_TEST_SUITE_P(Deadlock, NoDeadlockWhile,
                         ::testing::Values("sleep", "timeout", "timed_receive", "blocking",
                                           "running", "foreign_thread", "waker",
                                           "function_later", "timer_waited_for",
                                           "ticker_in_a_select", "foreign_sleeper",
                                           "pipe_waited_for"),
                         [](const ::testing::TestParamInfo<const char*>& parameter) {
                           return std::string(parameter.param);
                         });

int connect_to(const std::string& out) {
  const int port = std::stoi(out.substr(out.rfind(':') + 1));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  EXPECT_EQ(::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  return fd;
}

void expect_alive_until_a_client_comes(const char* kind) {
  subprocess server({crash_program("alive"), kind});
  ASSERT_TRUE(server.wait_for_stdout("\n"));
  std::this_thread::sleep_for(std::chrono::milliseconds(400));  // time to go wrong
  const int fd = connect_to(server.out());
  (void)::send(fd, "x", 1, MSG_NOSIGNAL);
  const auto r = server.wait();
  ::close(fd);
  EXPECT_EQ(r.status, 0) << r.text();
  EXPECT_TRUE(contains(r.out, "woken\n")) << r.text();
  EXPECT_FALSE(contains(r.err, "deadlock")) << r.text();
}

TEST(NoDeadlock, WhileATaskIsInAccept) {
  expect_alive_until_a_client_comes("accept");
}
TEST(NoDeadlock, WhileATaskIsInAcceptAndAnotherWorkerBecomesIdleLast) {
  expect_alive_until_a_client_comes("accept_before_main");
}
TEST(NoDeadlock, WhileATaskIsInRead) {
  expect_alive_until_a_client_comes("read");
}

TEST(ForeignThread, ThatWeftHasNeverSeenMakesItAPossibleDeadlockAndTheProcessContinues) {
  subprocess program({crash_program("foreign"), "may_wake"});
  ASSERT_TRUE(program.wait_for_stderr("possible deadlock: all tasks are asleep")) << program.err();
  program.write_stdin("x");
  const auto r = program.wait();
  EXPECT_EQ(r.status, 0) << r.text();
  EXPECT_EQ(r.out, "received 7\n");
  EXPECT_EQ(r.err.rfind("possible deadlock: all tasks are asleep", 0), 0u) << r.text();
  EXPECT_TRUE(matches(weft_test::first_line(r.err) + r.err, "\\b1 [a-z ]*thread")) << r.text();
  EXPECT_TRUE(contains(r.err, "[chan receive")) << r.text();
}

TEST(ForeignThread, ThatIsUnknownCountsAlsoIfTheCallerOfRunIsKnown) {
  subprocess program({crash_program("foreign"), "known_caller"});
  ASSERT_TRUE(program.wait_for_stderr("possible deadlock: all tasks are asleep")) << program.err();
  program.write_stdin("x");
  const auto r = program.wait();
  EXPECT_EQ(r.status, 0) << r.text();
  EXPECT_EQ(r.out, "received 7\n");
}

TEST(Deadlock, OfADestructorThatCannotBeUnwoundIsReported) {
  const auto r = subprocess({crash_program("unwind_in_destructor")}).wait();
  EXPECT_EQ(r.out, "unwound\n") << r.text();
  EXPECT_EQ(r.status, 2) << r.text();
  EXPECT_TRUE(contains(r.err, weft_test::all_asleep)) << r.text();
}

TEST(ForeignThread, ThatIsSaidToWakeNobodyDoesNotHideADeadlock) {
  subprocess program({crash_program("foreign"), "never_wake"});
  expect_deadlock(program.wait());
}

// It may be seen for a moment before it is known: then that comes first.
TEST(ForeignThread, ThatIsParkedInWeftDoesNotHideADeadlock) {
  subprocess program({crash_program("foreign"), "parks_at_once"});
  const auto r = program.wait();
  EXPECT_EQ(r.status, 2) << r.text();
  EXPECT_TRUE(contains(r.err, weft_test::all_asleep)) << r.text();
}

TEST(ForeignThread, ThatParksAfterAPossibleDeadlockWasReportedMakesItADefiniteOne) {
  subprocess program({crash_program("foreign"), "parks_late"});
  ASSERT_TRUE(program.wait_for_stderr("possible deadlock: all tasks are asleep")) << program.err();
  program.write_stdin("x");
  const auto r = program.wait();
  EXPECT_EQ(r.status, 2) << r.text();
  EXPECT_TRUE(contains(r.err, weft_test::all_asleep)) << r.text();
}

class ForeignThreadThatHasCalled : public ::testing::TestWithParam<const char*> {};

TEST_P(ForeignThreadThatHasCalled, CountsFromThatCallOnWhateverItIs) {
  const auto r = run_crash_program("foreign", {GetParam()});
  EXPECT_EQ(r.status, 0) << r.text();
  EXPECT_EQ(r.out, "received 7\n") << r.text();
  EXPECT_FALSE(contains(r.err, "asleep")) << r.text();
}

INSTANTIATE_TEST_SUITE_P(Deadlock, ForeignThreadThatHasCalled,
                         ::testing::Values("try_send", "select", "close", "make_chan", "release",
                                           "try_acquire", "add", "notify", "stop"),
                         [](const ::testing::TestParamInfo<const char*>& parameter) {
                           return std::string(parameter.param);
                         });

}  // namespace
