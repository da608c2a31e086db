// That the work of one task is spread over the workers: what is spawned on one processor is stolen by
// the others. Where they do not, this hangs (until ctest ends it), or the monitor hands tasks out after
// a while, and nothing is counted as stolen.
#include <atomic>
#include <thread>

#include "tests/support/run.hpp"

#include <weft/debug.hpp>

namespace {

// One task spawns tasks that each keep an OS thread until as many run as there are workers: they
// can only be there together if every worker has taken one of them.
TEST(Stealing, EveryWorkerTakesPartInWhatOneTaskSpawns) {
  constexpr int workers = 4;
  std::uint64_t stolen = 0;
  for (int turn = 0; turn < 100; ++turn) {
    std::atomic<int> here{0};
    weft_test::run(workers, [&] {
      weft::wait_group all;
      for (int i = 0; i < workers - 1; ++i) {
        all.go([&] {
          ++here;
          while (here < workers) std::this_thread::yield();  // a thread's yield: the worker is kept
        });
      }
      ++here;
      while (here < workers) std::this_thread::yield();
      all.wait();
      stolen += weft::debug::stats().stolen;
    });
  }
  EXPECT_GE(stolen, 1u);
}

}  // namespace
