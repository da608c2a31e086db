// Objects of weft with static storage duration: made before main, used in a run, destroyed after it
// (and after main), when nothing of weft's own may be gone or run any more.
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include <weft/weft.hpp>

// A process that leaves while tasks live leaks what they own.
extern "C" int __lsan_is_turned_off();
extern "C" int __lsan_is_turned_off() { return 1; }

namespace {

// Made first, so destroyed last: looks at what works then.
struct epilogue {
  ~epilogue();
};
epilogue last;

weft::chan<std::string> channel = weft::make_chan<std::string>(4);
weft::chan<std::unique_ptr<int>> boxes = weft::make_chan<std::unique_ptr<int>>(4);
weft::mutex mutex;
weft::shared_mutex shared;
weft::condition_variable changed;
weft::semaphore places(2);
weft::once once;
weft::wait_group group;
weft::barrier both(2);
weft::task_local<std::string> local;
weft::timer timer(std::chrono::hours(1));
std::optional<weft::ticker> ticker;
std::optional<weft::task<int>> joined;
weft::select_set cases;

epilogue::~epilogue() {
  // Between plain threads everything works without a runtime, now too.
  auto ch = weft::make_chan<int>();
  std::thread other([ch] { ch.send(3); });
  const int got = ch.recv().value_or(0);
  other.join();
  try {
    weft::go([] {});
    std::printf("after exit: %d, beside the workers\n", got);
  } catch (const weft::error&) {
    std::printf("after main: %d, and no runtime\n", got);
  }
  std::fflush(stdout);
}

int use_all(int n) {
  return weft::run(weft::options{.workers = 3}, [n] {
    channel.send("left " + std::to_string(n));
    boxes.send(std::make_unique<int>(n));
    group.go([] {
      mutex.lock();
      mutex.unlock();
      both.arrive_and_wait();
    });
    both.arrive_and_wait();
    once.call([] {});
    places.acquire();
    places.release();
    *local = "mine";
    if (!ticker) ticker.emplace(std::chrono::milliseconds(1));
    ticker->chan().recv();
    group.wait();
    joined.emplace(weft::spawn([n] { return n; }));
    return joined->join();
  });
}

}  // namespace

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  if (what == "return") return use_all(1) - 1;
  if (what == "several") {
    for (int n = 1; n <= 3; ++n)
      if (use_all(n) != n) return 1;
    return 0;
  }
  // The process leaves while the runtime runs.
  if (what == "exit") {
    return weft::run(weft::options{.workers = 3}, [] {
      for (int i = 0; i < 10; ++i) weft::go([] { weft::sleep_for(std::chrono::hours(1)); });
      weft::sleep_for(std::chrono::milliseconds(2));
      std::exit(7);
    });
  }
  if (what == "exit_beside_start") {
    weft::start(weft::options{.workers = 3});
    weft::go([] { weft::sleep_for(std::chrono::hours(1)); });
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    return 9;
  }
  return 64;
}
