// Tasks that wait while they hold a std::mutex, in a program linked with weft::mutex_watch. The test
// knows the lines below by heart.
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include <weft/weft.hpp>

namespace {

std::mutex mutex;

int in_a_wait() {
  return weft::run(weft::options{.workers = 2}, [] {
    auto ch = weft::make_chan<int>();
    weft::go([ch] { ch.send(1); });
    std::lock_guard lock(mutex);  // line 18
    ch.recv();                    // line 19
  });
}

int in_a_yield() {
  return weft::run(weft::options{.workers = 2}, [] {
    weft::go([] {});
    std::unique_lock lock(mutex, std::try_to_lock);
    weft::this_task::yield();
  });
}

// Nothing to complain about.
int well_behaved() {
  return weft::run(weft::options{.workers = 2}, [] {
    std::timed_mutex timed;
    std::condition_variable changed;
    bool set = false;
    weft::wait_group all;
    for (int i = 0; i < 20; ++i) {
      all.go([&] {
        for (int n = 0; n < 100; ++n) {
          {
            std::scoped_lock both(mutex, timed);
          }
          if (timed.try_lock_for(std::chrono::seconds(1))) timed.unlock();
          weft::this_task::yield();
        }
      });
    }
    all.wait();
    {
      weft::pin_thread pin;
      std::lock_guard lock(mutex);
      weft::sleep_for(std::chrono::milliseconds(1));
    }
    weft::blocking([&] {
      std::thread other([&] {
        std::lock_guard lock(mutex);
        set = true;
        changed.notify_one();
      });
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] { return set; });
      lock.unlock();
      other.join();
    });
    weft::this_task::yield();
  });
}

}  // namespace

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  if (what == "wait") return in_a_wait();
  if (what == "yield") return in_a_yield();
  return well_behaved();
}
