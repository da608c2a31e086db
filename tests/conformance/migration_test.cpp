// The build in which each park continues on another OS thread (WEFT_FORCE_MIGRATION) does that, so
// that the tests of what belongs to a task mean something there.
#include <thread>

#include "tests/support/run.hpp"

namespace {

#if defined(WEFT_FORCED_MIGRATION) && WEFT_FORCED_MIGRATION
using weft_test::on_workers;

class Migration : public on_workers {};
WEFT_ON_WORKERS(Migration);

[[gnu::noinline]] std::thread::id here() {
  asm volatile("");
  return std::this_thread::get_id();
}

TEST_P(Migration, EachParkContinuesOnAnotherThread) {
  run([] {
    weft::wait_group all;
    for (int n = 0; n < 4; ++n) {
      all.go([] {
        for (int i = 0; i < 60; ++i) {
          const auto before = here();
          if (i % 3 == 0) weft::this_task::yield();
          if (i % 3 == 1) weft::sleep_for(std::chrono::microseconds(10));
          if (i % 3 == 2) {
            auto ch = weft::make_chan<int>();
            weft::go([ch] { ch.close(); });
            ch.recv();
          }
          EXPECT_NE(here(), before);
        }
      });
    }
    all.wait();
  });
}
#endif

}  // namespace
