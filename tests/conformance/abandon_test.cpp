// SEMANTICS, "Running": options.on_main_exit = abandon: what remains when main returns is dropped as
// it is, and no later run knows of it.
#include <atomic>
#include <vector>

#include "tests/support/run.hpp"

namespace {

using weft_test::on_workers;

class Abandon : public on_workers {
 protected:
  template <class F>
  int run_and_abandon(F&& body) {
    weft::options options = weft_test::workers(GetParam());
    options.on_main_exit = weft::main_exit::abandon;
    return weft::run(options, std::forward<F>(body));
  }
};
WEFT_ON_WORKERS(Abandon);

struct counts_its_end {
  std::atomic<int>& ended;
  ~counts_its_end() { ++ended; }
};

TEST_P(Abandon, NoDestructorRunsInThisRunOrALaterOne) {
  static std::atomic<int> ended{0};
  static std::atomic<bool> reached{false};
  ended = 0;
  EXPECT_EQ(run_and_abandon([] {
              reached = false;
              weft::go([] {
                const counts_its_end guard{ended};
                reached = true;
                weft::chan<int>().recv();
              });
              weft::go([] {
                const counts_its_end guard{ended};
                for (;;) weft::this_task::yield();
              });
              weft_test::yield_until(reached);
              return 4;
            }),
            4);
  EXPECT_EQ(run([] {
              for (int i = 0; i < 10; ++i) weft::this_task::yield();
              return 5;
            }),
            5);
  EXPECT_EQ(ended, 0);
}

TEST_P(Abandon, AnAbandonedTaskIsNotListedAsLiveLater) {
  run_and_abandon([] {
    weft::go([] { weft::chan<int>().recv(); });
    weft_test::settle();
  });
  run([] { EXPECT_EQ(weft::debug::stats().live_tasks, 1u); });
}

TEST_P(Abandon, AWakeUpForAnAbandonedTaskIsDropped) {
  // Whom an abandoned task waits for stays for ever, like its stack.
  static std::vector<weft::chan<int>>& kept = *new std::vector<weft::chan<int>>;
  kept.push_back(weft::make_chan<int>());
  run_and_abandon([] {
    weft::go([] { kept.back().recv(); });
    weft_test::settle();
  });
  run([] { kept.back().close(); });
}

}  // namespace
