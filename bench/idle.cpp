// What does nothing cost? 10,000 tasks are parked and nothing happens; how often threads of the
// process are woken in that time, and the CPU time. A thread outside of weft watches.
#include <chrono>
#include <thread>

#include "bench/usage.hpp"
#include "bench/weft_main.hpp"

int main(int argc, char** argv) {
  return bench::weft_main(argc, argv, [](const bench::args& a) {
    using ms = std::chrono::duration<double, std::milli>;
    const auto gate = weft::make_chan<void>();
    weft::wait_group arrived;
    weft::wait_group ended;
    arrived.add(bench::parked_tasks);
    for (int t = 0; t < bench::parked_tasks; ++t) {
      ended.go([&] {
        arrived.done();
        gate.recv();
      });
    }
    arrived.wait();
    bench::usage before;
    bench::usage after;
    std::thread watcher([&, outside = weft::waker()] {
      std::this_thread::sleep_for(ms(bench::calm_ms(a)));
      const auto others = [] {
        bench::usage all = bench::used();
        const bench::usage own = bench::used(RUSAGE_THREAD);
        all.switches -= own.switches;
        all.cpu_ms -= own.cpu_ms;
        return all;
      };
      before = others();
      std::this_thread::sleep_for(ms(bench::idle_ms(a)));
      after = others();
      gate.close();
    });
    ended.wait();
    watcher.join();
    bench::print_result(
        "idle_wakeups", "weft", a.workers, "1/10s",
        {static_cast<double>(after.switches - before.switches) * 1e4 / bench::idle_ms(a)});
    bench::print_result("idle_cpu", "weft", a.workers, "ms/10s",
                        {(after.cpu_ms - before.cpu_ms) * 1e4 / bench::idle_ms(a)});
  });
}
