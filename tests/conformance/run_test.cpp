// SEMANTICS, "Running": what run returns, what leaves it, that it can be called again, how many
// workers there are.
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <type_traits>

#include "tests/support/run.hpp"

namespace {

using weft_test::on_workers;
using weft_test::workers;

class Run : public on_workers {};
WEFT_ON_WORKERS(Run);

TEST_P(Run, ReturnsTheIntOfTheMainTask) {
  EXPECT_EQ(run([] { return 42; }), 42);
  EXPECT_EQ(run([] { return -1; }), -1);
}

TEST_P(Run, ReturnsZeroForVoid) {
  EXPECT_EQ(run([] {}), 0);
}

TEST_P(Run, RunsTheCallableOnceAndBeforeItReturns) {
  int calls = 0;
  run([&] { ++calls; });
  EXPECT_EQ(calls, 1);
}

TEST_P(Run, TakesAMoveOnlyCallable) {
  auto seven = std::make_unique<int>(7);
  EXPECT_EQ(run([p = std::move(seven)] { return *p; }), 7);
}

TEST_P(Run, AnExceptionOfTheMainTaskLeavesRun) {
  try {
    run([] { throw std::runtime_error("out of main"); });
    ADD_FAILURE() << "run returned";
  } catch (const std::runtime_error& e) {
    EXPECT_STREQ(e.what(), "out of main");
  }
}

TEST_P(Run, AnExceptionOfAnyTypeLeavesRun) {
  EXPECT_THROW(run([] { throw 5; }), int);
}

TEST_P(Run, AnExceptionThatLeavesRunHasUnwoundTheMainTask) {
  auto token = std::make_shared<int>(0);
  EXPECT_THROW(run([&] {
                 const auto held = token;
                 weft::this_task::yield();
                 throw std::runtime_error("");
               }),
               std::runtime_error);
  EXPECT_EQ(token.use_count(), 1);
}

TEST_P(Run, CanBeCalledAgainAfterItReturned) {
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(run([&] {
                auto t = weft::spawn([i] {
                  weft::this_task::yield();
                  return i;
                });
                return t.join();
              }),
              i);
  }
}

TEST_P(Run, CanBeCalledAgainAfterAnExceptionLeftIt) {
  EXPECT_THROW(run([] { throw std::runtime_error(""); }), std::runtime_error);
  EXPECT_EQ(run([] { return 3; }), 3);
}

// Reading: the error is thrown by the inner call, as a weft::error, and the outer run is unharmed.
TEST_P(Run, ANestedRunIsAnError) {
  EXPECT_EQ(run([] {
              EXPECT_THROW(weft::run([] {}), weft::error);
              auto t = weft::spawn([] { EXPECT_THROW(weft::run([] {}), weft::error); });
              t.join();
              return 9;
            }),
            9);
}

TEST(RunOptions, RunWithoutOptions) {
  EXPECT_EQ(weft::run([] { return 11; }), 11);
  EXPECT_EQ(weft::run([] {}), 0);
}

TEST(RunOptions, ResultIsAnInt) {
  static_assert(std::is_same_v<decltype(weft::run([] {})), int>);
  static_assert(std::is_same_v<decltype(weft::run(weft::options{}, [] { return 1; })), int>);
}

TEST(RunOptions, DesignatedInitialisersWork) {
  EXPECT_EQ(weft::run(weft::options{.workers = 4}, [] { return 4; }), 4);
}

// n tasks that each wait, without any call into weft, until all n have come: that takes n workers
// at once.
bool runs_at_once(int n) {
  std::atomic<int> arrived{0};
  weft::wait_group all;
  for (int i = 0; i < n; ++i) {
    all.go([&arrived, n] {
      ++arrived;
      while (arrived < n) {
      }
    });
  }
  all.wait();
  return arrived == n;
}

class Variable {  // WEFT_WORKERS for the length of a test
 public:
  explicit Variable(const char* value) {
    if (const char* old = std::getenv("WEFT_WORKERS")) before_ = std::make_unique<std::string>(old);
    ::setenv("WEFT_WORKERS", value, 1);
  }
  ~Variable() {
    if (before_) {
      ::setenv("WEFT_WORKERS", before_->c_str(), 1);
    } else {
      ::unsetenv("WEFT_WORKERS");
    }
  }

 private:
  std::unique_ptr<std::string> before_;
};

TEST(RunOptions, AsManyWorkersAsTheOptionSays) {
  weft::run(workers(3), [] { EXPECT_TRUE(runs_at_once(3)); });
}

TEST(RunOptions, TheEnvironmentSaysHowManyWorkersWithoutTheOption) {
  Variable environment("3");
  weft::run([] { EXPECT_TRUE(runs_at_once(3)); });
}

TEST(RunOptions, TheOptionIsStrongerThanTheEnvironment) {
  Variable environment("1");
  weft::run(workers(2), [] { EXPECT_TRUE(runs_at_once(2)); });
}

// Reading: a 0 in the option or in the environment is one that was not given.
TEST(RunOptions, NeverZeroWorkers) {
  EXPECT_EQ(weft::run(workers(0), [] { return weft::spawn([] { return 1; }).join(); }), 1);
  Variable environment("0");
  EXPECT_EQ(weft::run([] { return weft::spawn([] { return 1; }).join(); }), 1);
}

}  // namespace
