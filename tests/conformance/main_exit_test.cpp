// SEMANTICS, "Running": what happens to tasks that remain when main returns, and that no run sees
// anything of the one before.
#include <atomic>
#include <thread>
#include <vector>

#include "tests/support/run.hpp"

#include <weft/debug.hpp>

namespace {

using namespace std::chrono_literals;
using weft_test::on_workers;

class MainExit : public on_workers {
 protected:
  weft::options with(weft::main_exit how) {
    weft::options options = weft_test::workers(GetParam());
    options.on_main_exit = how;
    return options;
  }
};
WEFT_ON_WORKERS(MainExit);

TEST_P(MainExit, WaitLetsTheTasksComeToTheirEnd) {
  std::atomic<int> ended{0};
  weft::run(with(weft::main_exit::wait), [&] {
    for (int i = 0; i < 20; ++i)
      weft::go([&] {
        weft::sleep_for(1ms);
        ++ended;
      });
  });
  EXPECT_EQ(ended, 20);
}

TEST_P(MainExit, CancelEndsThemWhereTheyWait) {
  std::atomic<int> cancelled{0};
  weft::run(with(weft::main_exit::cancel), [&] {
    for (int i = 0; i < 20; ++i)
      weft::go([&] {
        try {
          weft::sleep_for(24h);
        } catch (const weft::task_cancelled&) {
          ++cancelled;
          throw;
        }
      });
  });
  EXPECT_EQ(cancelled, 20);
}

TEST_P(MainExit, AbandonedTasksAreNeitherRunNorServedNorCountedLater) {
  // Whoever waits for a channel keeps it; who is abandoned never lets go.
  static auto& channels = *new std::vector<weft::chan<int>>;
  auto ch = channels.emplace_back(weft::make_chan<int>());
  auto other = channels.emplace_back(weft::make_chan<int>());
  std::atomic<int> ready{0}, ran_on{0};
  weft::semaphore none(0);
  const auto waiting_for = [&](auto wait) {
    weft::go([&, wait] {
      ++ready;
      try {
        wait();
      } catch (const weft::task_cancelled&) {
        ++ran_on;
        throw;
      }
      ++ran_on;
    });
  };
  weft::run(with(weft::main_exit::abandon), [&] {
    waiting_for([&] { ch.recv(); });
    waiting_for([&] { weft::select(weft::recv(ch), weft::recv(ch)); });
    waiting_for([&] { none.acquire(); });
    waiting_for([&] { weft::sleep_for(24h); });
    waiting_for([&] { other.recv_for(24h); });
    weft_test::yield_until([&] { return ready == 5; });
  });
  weft::run(with(weft::main_exit::wait), [&] {
    EXPECT_EQ(weft::debug::stats().live_tasks, 1u);
    EXPECT_FALSE(ch.try_send(1));
    EXPECT_FALSE(ch.try_recv());
    none.release();
    EXPECT_TRUE(none.try_acquire());
    weft_test::settle();
  });
  EXPECT_EQ(ran_on, 0);
}

TEST_P(MainExit, AfterAnAbandonedRunFunctionsAreCalledLaterAgain) {
  std::atomic<int> dropped{0}, called{0};
  weft::run(with(weft::main_exit::abandon), [&] { weft::after_func(24h, [&] { ++dropped; }); });
  weft::run(with(weft::main_exit::wait), [&] { weft::after_func(1us, [&] { ++called; }); });
  EXPECT_EQ(called, 1);
  EXPECT_EQ(dropped, 0);
}

// A thread that spawns while the run ends is refused, or its task runs in this run.
TEST_P(MainExit, ATaskThatAThreadSpawnsAtTheEndIsNotLeftToALaterRun) {
  for (const auto how : {weft::main_exit::cancel, weft::main_exit::wait}) {
    for (int turn = 0; turn < 50; ++turn) {
      std::atomic<bool> stop{false};
      std::atomic<int> accepted{0}, ended{0};
      std::thread outside([&] {
        while (!stop) {
          try {
            weft::go([&] { ++ended; });
            ++accepted;
          } catch (const weft::error&) {
          }
          while (accepted - ended > 5 && !stop) std::this_thread::yield();
        }
      });
      for (int i = 0; i < 5; ++i) weft::run(with(how), [&] { weft::this_task::yield(); });
      stop = true;
      outside.join();
      EXPECT_EQ(accepted, ended);
    }
  }
}

}  // namespace
