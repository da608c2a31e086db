// A debug build with weft::mutex_watch says when a task waits while it holds a std::mutex.
#include "runtime/base/sanitizer.hpp"
#include "tests/crash/crash.hpp"

namespace {

using weft_test::contains;
using weft_test::run_crash_program;

#if defined(WEFT_CHECKS) && WEFT_CHECKS && !WEFT_ASAN && !WEFT_TSAN
TEST(MutexWatch, NamesTheWaitAndTheLock) {
  const auto r = run_crash_program("watch_mutex", {"wait"});
  EXPECT_EQ(r.status, 2) << r.text();
  EXPECT_TRUE(contains(r.err, "a task waits while it holds a std::mutex")) << r.text();
  EXPECT_TRUE(contains(r.err, "task 1 [chan receive]: main")) << r.text();
  EXPECT_TRUE(contains(r.err, "watch_mutex.cpp:18")) << r.text();
  EXPECT_TRUE(contains(r.err, "watch_mutex.cpp:19")) << r.text();
}

TEST(MutexWatch, AYieldIsAWaitToo) {
  const auto r = run_crash_program("watch_mutex", {"yield"});
  EXPECT_EQ(r.status, 2) << r.text();
  EXPECT_TRUE(contains(r.err, "[yield]: main")) << r.text();
}
#endif

// gcc 12's ThreadSanitizer does not know how a std::timed_mutex is locked.
#if !WEFT_TSAN
TEST(MutexWatch, SaysNothingOfLocksThatAreGivenBackOrOfPinnedTasks) {
  const auto r = run_crash_program("watch_mutex", {"well"});
  EXPECT_EQ(r.status, 0) << r.text();
}
#endif

}  // namespace
