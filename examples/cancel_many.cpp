// 100,000 tasks of one group wait in twelve different ways; the end of the group's context ends every
// wait, and each task's destructors run. An argument changes how many.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>

#include <weft/weft.hpp>

#if defined(__SANITIZE_THREAD__)
#define UNDER_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define UNDER_TSAN 1
#endif
#endif

using namespace std::chrono_literals;

namespace {

std::atomic<long> begun{0}, alive{0}, ended_by_cancel{0};

// Stands in each task's frame, with some memory of its own.
struct resident {
  std::unique_ptr<long> memory = std::make_unique<long>(++alive);
  ~resident() { --alive; }
};

// What they all wait for and never get.
struct scene {
  weft::chan<int> nothing = weft::make_chan<int>();
  weft::chan<int> full = weft::make_chan<int>();
  weft::mutex locked, other;
  weft::shared_mutex written;
  weft::condition_variable changed;
  weft::semaphore taken{0};
  weft::wait_group busy;
  weft::barrier absent{1'000'000};
  weft::net::listener listener = weft::net::listen("tcp", "127.0.0.1:0");
  weft::context endless = weft::with_cancel(weft::context()).ctx;
};

void wait_in_one_way(scene& s, long which) {
  const resident lives_here;
  ++begun;
  try {
    switch (which % 12) {
      case 0: s.nothing.recv(); break;
      case 1: s.full.send(1); break;
      case 2: weft::select(weft::recv(s.nothing), weft::acquire(s.taken)); break;
      case 3: s.locked.lock(); break;
      case 4: s.written.lock_shared(); break;
      case 5: {
        std::unique_lock held(s.other);
        s.changed.wait(held);
        break;
      }
      case 6: s.taken.acquire(); break;
      case 7: s.busy.wait(); break;
      case 8: s.absent.arrive_and_wait(); break;
      case 9: weft::sleep_for(1h); break;
      case 10: s.listener.accept(); break;
      case 11: weft::select(weft::done(s.endless), weft::wait(s.busy)); break;
    }
  } catch (const weft::task_cancelled&) {
    ++ended_by_cancel;
    throw;
  }
}

}  // namespace

int main(int argc, char** argv) {
#if defined(UNDER_TSAN)
  long tasks = 3'000;  // it allows about 8,000 flows
#else
  long tasks = 100'000;
#endif
  if (argc > 1) tasks = std::atol(argv[1]);
  return weft::run([tasks] {
    scene s;
    s.locked.lock();
    s.written.lock();
    s.busy.add();
    auto [ctx, cancel] = weft::with_cancel(weft::context::background());
    weft::group g(ctx);
    for (long i = 0; i < tasks; ++i) g.go([&s, i] { wait_in_one_way(s, i); });
    while (begun != tasks) weft::this_task::yield();
    weft::sleep_for(10ms);
    std::printf("all tasks wait: %s\n", alive == tasks ? "yes" : "no");
    cancel();
    try {
      g.wait();
    } catch (const weft::cancelled&) {
      std::puts("the group was cancelled");
    }
    std::printf("ended by cancellation: %s\n", ended_by_cancel == tasks ? "all" : "not all");
    std::printf("destructors that have not run: %ld\n", alive.load());
    s.locked.unlock();
    s.written.unlock();
    s.busy.done();
    return 0;
  });
}
