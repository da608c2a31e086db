// A stack overflow is told from any other crash, and other crashes go where they went before.
#include "runtime/stack/overflow.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <thread>

#include "runtime/context/context.hpp"
#include "runtime/stack/stack_pool.hpp"

namespace weft::rt::test {
namespace {

void say(const char* text) {
  (void)!write(STDERR_FILENO, text, std::strlen(text));
}

stack_span victim;

void report(stack_span stack, void* fault_address, void* pc) {
  say("overflow ");
  say(stack == victim ? "of the right stack, " : "of another stack, ");
  const auto* const at = static_cast<std::byte*>(fault_address);
  say(at < stack.lo && at >= stack.lo - stack_guard_bytes ? "in its guard, " : "elsewhere, ");
  say(pc != nullptr ? "pc known\n" : "pc unknown\n");
  _exit(42);
}

// Each frame is large enough that TSan's own call stack is not what ends first.
[[gnu::noinline]] int dig(int depth) {
  volatile char frame[2048];
  frame[0] = static_cast<char>(depth);
  return depth == 0 ? 0 : dig(depth - 1) + frame[0];
}

context native;
context digger;

void dig_deep(void*) {
  (void)dig(1 << 20);
  context_leave(digger, native);
}

[[noreturn]] void overflow_a_flow() {
  victim = stack_pool::of_class(task_stack_class).allocate();
  context_adopt(native);
  context_make(digger, victim, &dig_deep, nullptr);
  context_switch(native, digger);
  _exit(0);
}

class overflow_death : public testing::Test {
 protected:
  void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

constexpr char right_report[] = "overflow of the right stack, in its guard, pc known";

TEST_F(overflow_death, is_reported_on_the_main_thread) {
  EXPECT_EXIT(
      {
        overflow_thread_enter();
        if (!overflow_install(&report)) _exit(1);
        overflow_a_flow();
      },
      testing::ExitedWithCode(42), right_report);
}

TEST_F(overflow_death, is_reported_on_a_worker_thread) {
  EXPECT_EXIT(
      {
        if (!overflow_install(&report)) _exit(1);
        std::thread([] {
          overflow_thread_enter();
          overflow_a_flow();
        }).join();
      },
      testing::ExitedWithCode(42), right_report);
}

void previous_with_info(int, siginfo_t* info, void*) {
  say(info->si_addr == reinterpret_cast<void*>(64) ? "previous: address 64\n" : "previous\n");
  _exit(43);
}

__attribute__((no_sanitize("undefined", "address", "thread"))) void crash_unseen() {
  volatile std::uintptr_t address = 64;
  *reinterpret_cast<volatile int*>(address) = 1;
}

TEST_F(overflow_death, another_crash_goes_to_the_previous_handler) {
  EXPECT_EXIT(
      {
        struct sigaction before = {};
        before.sa_sigaction = &previous_with_info;
        before.sa_flags = SA_SIGINFO;
        sigaction(SIGSEGV, &before, nullptr);
        overflow_thread_enter();
        if (!overflow_install(&report)) _exit(1);
        crash_unseen();
      },
      testing::ExitedWithCode(43), "previous: address 64");
}

TEST_F(overflow_death, a_signal_that_was_sent_is_no_overflow) {
  EXPECT_EXIT(
      {
        struct sigaction before = {};
        before.sa_handler = [](int) { _exit(44); };
        sigaction(SIGBUS, &before, nullptr);
        if (!overflow_install(&report)) _exit(1);
        raise(SIGBUS);
      },
      testing::ExitedWithCode(44), "");
}

// Sanitizers have handlers of their own, so the default is put back first.
TEST_F(overflow_death, another_crash_without_a_previous_handler_dies_of_the_signal) {
  EXPECT_EXIT(
      {
        signal(SIGSEGV, SIG_DFL);
        overflow_thread_enter();
        if (!overflow_install(&report)) _exit(1);
        crash_unseen();
      },
      testing::KilledBySignal(SIGSEGV), "");
  EXPECT_EXIT(
      {
        signal(SIGSEGV, SIG_DFL);
        if (!overflow_install(&report)) _exit(1);
        raise(SIGSEGV);
      },
      testing::KilledBySignal(SIGSEGV), "");
}

TEST_F(overflow_death, after_uninstall_the_overflow_is_an_ordinary_crash) {
  EXPECT_EXIT(
      {
        struct sigaction before = {};
        before.sa_handler = [](int) { _exit(45); };
        before.sa_flags = SA_ONSTACK;
        sigaction(SIGSEGV, &before, nullptr);
        overflow_thread_enter();
        if (!overflow_install(&report)) _exit(1);
        overflow_uninstall();
        overflow_a_flow();
      },
      testing::ExitedWithCode(45), "");
}

TEST(overflow, install_and_uninstall_leave_the_signals_as_they_were) {
  struct sigaction before = {};
  sigaction(SIGSEGV, nullptr, &before);
  ASSERT_TRUE(overflow_install(&report));
  ASSERT_TRUE(overflow_install(&report));
  overflow_uninstall();
  overflow_uninstall();
  struct sigaction after = {};
  sigaction(SIGSEGV, nullptr, &after);
  EXPECT_EQ(before.sa_sigaction, after.sa_sigaction);
}

TEST(overflow, the_signal_stack_of_a_thread_comes_and_goes) {
  std::thread([] {
    stack_t before = {};
    sigaltstack(nullptr, &before);
    overflow_thread_enter();
    overflow_thread_enter();
    stack_t inside = {};
    sigaltstack(nullptr, &inside);
    EXPECT_EQ(inside.ss_flags & SS_DISABLE, 0);
    EXPECT_GE(inside.ss_size, std::size_t{32} << 10);
    overflow_thread_leave();
    overflow_thread_leave();
    stack_t after = {};
    sigaltstack(nullptr, &after);
    EXPECT_EQ(after.ss_flags, before.ss_flags);
    EXPECT_TRUE((before.ss_flags & SS_DISABLE) != 0 || after.ss_sp == before.ss_sp);
  }).join();
}

}  // namespace
}  // namespace weft::rt::test
