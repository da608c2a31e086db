// SEMANTICS, "Tasks": a task that hogs a worker or blocks in a system call without saying so must not
// starve the others. Here more tasks hog than there are workers, for as long as it takes the others to
// do what they have to.
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <string>

#include "tests/support/run.hpp"

namespace {

using namespace std::chrono_literals;
using weft_test::on_workers;

class Hog : public on_workers {
 protected:
  // As many as there are workers and two more, none of which calls weft until the flag is set.
  void start_hogs(std::atomic<bool>& end, weft::wait_group& ended) const {
    for (unsigned i = 0; i < GetParam() + 2; ++i)
      ended.go([&end] {
        while (!end.load()) {
        }
      });
  }
};
WEFT_ON_WORKERS(Hog);

TEST_P(Hog, TasksThatComputeForLongDoNotKeepASleeperAsleep) {
  run([&] {
    std::atomic<bool> end{false};
    weft::wait_group ended;
    start_hogs(end, ended);
    for (int i = 0; i < 20; ++i) weft::sleep_for(1ms);
    end = true;
    ended.wait();
  });
}

TEST_P(Hog, TasksThatAreReadyRunOnWhileOthersComputeForLong) {
  run([&] {
    std::atomic<bool> end{false};
    weft::wait_group ended;
    const auto there = weft::make_chan<int>();
    const auto back = weft::make_chan<int>();
    ended.go([&] {
      for (int v : there) back.send(v + 1);
    });
    start_hogs(end, ended);
    int sum = 0;
    for (int i = 0; i < 200; ++i) {
      there.send(i);
      sum += back.recv().value();
      weft::this_task::yield();
    }
    EXPECT_EQ(sum, 200 * 199 / 2 + 200);
    there.close();
    end = true;
    ended.wait();
  });
}

TEST_P(Hog, WhatAHogHasMadeReadyIsRunWhileItGoesOn) {
  run([&] {
    std::atomic<int> seen{0};
    weft::wait_group ended;
    for (unsigned i = 0; i < GetParam() + 2; ++i)
      ended.go([&] {
        // In the front of this processor, which is not let go until they have run.
        for (int n = 0; n < 3; ++n) ended.go([&] { ++seen; });
        while (seen.load() < static_cast<int>(3 * (GetParam() + 2))) {
        }
      });
    ended.wait();
  });
}

// Tasks that compute for longer than a round make each dispatch a round.
TEST_P(Hog, ATaskMadeReadyLastHasItsTurnAmongTasksThatComputeAndYield) {
  run([&] {
    const auto compute = [] {
      const auto end = std::chrono::steady_clock::now() + 300us;
      while (std::chrono::steady_clock::now() < end) {
      }
    };
    std::atomic<bool> seen{false};
    weft::wait_group ended;
    for (unsigned i = 0; i < GetParam() + 2; ++i)
      ended.go([&] {
        while (!seen.load()) {
          compute();
          weft::this_task::yield();
        }
      });
    for (int i = 0; i < 50; ++i) {
      compute();
      weft::this_task::yield();
    }
    ended.go([&] { seen = true; });
    while (!seen.load()) {
      compute();
      weft::this_task::yield();
    }
    ended.wait();
  });
}

TEST_P(Hog, TasksThatBlockTheirThreadsUndeclaredAreWokenByOtherTasks) {
  run([&] {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    weft::wait_group ended;
    const unsigned readers = GetParam() + 2;
    for (unsigned i = 0; i < readers; ++i)
      ended.go([&] {
        char byte = 0;
        EXPECT_EQ(::read(ends[0], &byte, 1), 1);
      });
    weft::sleep_for(1ms);
    for (unsigned i = 0; i < readers; ++i) {
      EXPECT_EQ(::write(ends[1], "x", 1), 1);
      weft::this_task::yield();
    }
    ended.wait();
    ::close(ends[0]);
    ::close(ends[1]);
  });
}

TEST_P(Hog, APeerIsServedWhileOthersComputeForLong) {
  run([&] {
    std::atomic<bool> end{false};
    weft::wait_group ended;
    weft::net::listener listener = weft::net::listen("tcp", "127.0.0.1:0");
    ended.go([&] {
      weft::net::conn served = listener.accept();
      char text[4];
      served.read_full(text);
      served.write_all(std::string_view(text, 4));
    });
    start_hogs(end, ended);
    weft::net::conn peer = weft::net::dial("tcp", listener.local_address().to_string());
    peer.write_all("ping");
    char text[4];
    peer.read_full(text);
    EXPECT_EQ(std::string(text, 4), "ping");
    end = true;
    ended.wait();
  });
}

TEST_P(Hog, AllWorkIsDoneOnceAfterTheHogsHaveGone) {
  run([&] {
    for (int round = 0; round < 3; ++round) {
      std::atomic<bool> end{false};
      std::atomic<int> done{0};
      weft::wait_group ended;
      start_hogs(end, ended);
      for (int i = 0; i < 1000; ++i)
        ended.go([&] {
          weft::this_task::yield();
          ++done;
        });
      weft::sleep_for(5ms);
      end = true;
      ended.wait();
      EXPECT_EQ(done.load(), 1000);
    }
  });
}

}  // namespace
