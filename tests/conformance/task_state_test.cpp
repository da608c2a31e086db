// SEMANTICS, "Tasks": errno, uncaught_exceptions, the exception being handled and the rounding mode
// belong to the task: they survive a park, also one that continues on another thread.
#include <cerrno>
#include <cfenv>
#include <exception>
#include <stdexcept>
#include <string>

#include "tests/support/run.hpp"

namespace {

using weft_test::on_workers;

class TaskState : public on_workers {};
WEFT_ON_WORKERS(TaskState);

constexpr int tasks = 16;
constexpr int parks = 100;

// Runs `body(n)` in tasks of different n that disturb each other as much as they can.
template <class Body>
void beside_each_other(Body body) {
  weft::wait_group all;
  for (int n = 1; n <= tasks; ++n) all.go(body, n);
  all.wait();
}

// Parks in turn in each of the ways at hand.
void park(int i) {
  switch (i % 3) {
    case 0:
      weft::this_task::yield();
      break;
    case 1:
      weft::sleep_for(std::chrono::microseconds(10));
      break;
    case 2: {
      auto ch = weft::make_chan<int>();
      weft::go([ch] { ch.close(); });
      ch.recv();
      break;
    }
  }
}

// Reads errno where the compiler cannot have kept its address from before a park.
[[gnu::noinline]] int current_errno() {
  asm volatile("");
  return errno;
}
[[gnu::noinline]] void set_errno(int n) {
  asm volatile("");
  errno = n;
}

TEST_P(TaskState, ErrnoSurvivesAPark) {
  run([] {
    beside_each_other([](int n) {
      for (int i = 0; i < parks; ++i) {
        set_errno(n);
        park(i);
        EXPECT_EQ(current_errno(), n);
      }
    });
  });
}

TEST_P(TaskState, TheExceptionBeingHandledSurvivesAPark) {
  run([] {
    beside_each_other([](int n) {
      for (int i = 0; i < parks / 4; ++i) {
        try {
          throw std::runtime_error(std::to_string(n));
        } catch (const std::runtime_error&) {
          park(i);
          try {
            throw;  // the one of this task
          } catch (const std::runtime_error& again) {
            park(i + 1);
            EXPECT_EQ(again.what(), std::to_string(n));
          }
          EXPECT_TRUE(std::current_exception());
        }
        EXPECT_FALSE(std::current_exception());
      }
    });
  });
}

TEST_P(TaskState, UncaughtExceptionsSurvivesAParkInADestructor) {
  struct parks_on_exit {
    int round;
    int* seen;
    ~parks_on_exit() {
      const int before = std::uncaught_exceptions();
      park(round);
      *seen = before == std::uncaught_exceptions() ? before : -1;
    }
  };
  run([] {
    beside_each_other([](int n) {
      for (int i = 0; i < parks / 4; ++i) {
        int seen = -2;
        if ((n + i) % 2 == 0) {
          try {
            const parks_on_exit guard{i, &seen};
            throw n;
          } catch (int caught) {
            EXPECT_EQ(caught, n);
          }
          EXPECT_EQ(seen, 1);
        } else {
          { const parks_on_exit guard{i, &seen}; }
          EXPECT_EQ(seen, 0);
        }
        EXPECT_EQ(std::uncaught_exceptions(), 0);
      }
    });
  });
}

TEST_P(TaskState, TheRoundingModeSurvivesAPark) {
  run([] {
    beside_each_other([](int n) {
      constexpr int modes[] = {FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
      const int mine = modes[n % 4];
      std::fesetround(mine);
      for (int i = 0; i < parks; ++i) {
        volatile double three = 3.0;
        const volatile double third = 1.0 / three;  // sets a sticky flag
        (void)third;
        park(i);
        EXPECT_EQ(std::fegetround(), mine);
      }
    });
    EXPECT_EQ(std::fegetround(), FE_TONEAREST);
  });
}

}  // namespace
