// Misuse of one kind, which the argument names: fatal with a clear text, or an exception that main
// prints.
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <string>
#include <weft/weft.hpp>

namespace {

void unlock_not_owned() {
  weft::mutex mutex;
  mutex.lock();
  weft::spawn([&] { mutex.unlock(); }).join();
}
void unlock_free() {
  weft::mutex().unlock();
}
void shared_unlock_not_owned() {
  weft::shared_mutex mutex;
  mutex.lock();
  weft::spawn([&] { mutex.unlock(); }).join();
}
void shared_unlock_of_readers() {
  weft::shared_mutex mutex;
  mutex.lock_shared();
  mutex.unlock();
}
void unlock_shared_without_reader() {
  weft::shared_mutex().unlock_shared();
}
void condition_without_the_lock() {
  weft::mutex mutex;
  weft::condition_variable condition;
  condition.wait(mutex);
}
void mutex_destroyed_while_held() {
  weft::mutex mutex;
  mutex.lock();
}
void negative_wait_group() {
  weft::wait_group().done();
}
void negative_add() {
  weft::wait_group().add(-1);
}
void negative_semaphore() {
  weft::semaphore semaphore(-1);
}
void barrier_of_none() {
  weft::barrier barrier(0);
}
void nested_run() {
  weft::run([] {});
}
void run_in_blocking() {
  weft::blocking([] { weft::run([] {}); });
}
void stop_inside() {
  weft::stop();
}
void start_inside() {
  weft::start();
}
void close_twice() {
  auto ch = weft::make_chan<int>();
  ch.close();
  ch.close();
}
void join_twice() {
  auto task = weft::spawn([] {});
  task.join();
  task.join();
}
void ticker_of_zero() {
  weft::ticker ticker(std::chrono::seconds(0));
}
void spawn_without_runtime() {
  weft::go([] {});
}

const std::map<std::string, void (*)()> kinds = {
    {"unlock_not_owned", unlock_not_owned},
    {"unlock_free", unlock_free},
    {"shared_unlock_not_owned", shared_unlock_not_owned},
    {"shared_unlock_of_readers", shared_unlock_of_readers},
    {"unlock_shared_without_reader", unlock_shared_without_reader},
    {"condition_without_the_lock", condition_without_the_lock},
    {"mutex_destroyed_while_held", mutex_destroyed_while_held},
    {"negative_wait_group", negative_wait_group},
    {"negative_add", negative_add},
    {"negative_semaphore", negative_semaphore},
    {"barrier_of_none", barrier_of_none},
    {"nested_run", nested_run},
    {"run_in_blocking", run_in_blocking},
    {"stop_inside", stop_inside},
    {"start_inside", start_inside},
    {"close_twice", close_twice},
    {"join_twice", join_twice},
    {"ticker_of_zero", ticker_of_zero},
    {"spawn_without_runtime", spawn_without_runtime},
};

}  // namespace

int main(int argc, char** argv) {
  const auto kind = kinds.find(argc > 1 ? argv[1] : "");
  if (kind == kinds.end()) return 64;
  try {
    if (kind->first == "spawn_without_runtime")
      kind->second();
    else
      weft::run([&] { kind->second(); });
  } catch (const weft::error& e) {
    std::printf("weft::error: %s\n", e.what());
    return 8;
  }
  std::printf("nothing happened\n");
}
