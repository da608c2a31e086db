// All tasks wait and a thread exists that weft has never seen: it waits for a byte on stdin and may
// then send. Whether that counts is the argument: may_wake (the default policy) or never_wake. With
// `parks_at_once` and `parks_late` (after that byte) the thread calls weft and is parked in it, so that
// it cannot wake anybody. With the name of a call that does not wait the thread has made that call, and
// nothing else, before the tasks fall asleep. With `known_caller` main's own thread has used weft before it calls run().
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <string>
#include <thread>
#include <weft/weft.hpp>

namespace {

struct things {
  weft::chan<int> buffered = weft::make_chan<int>(1);
  weft::semaphore units{1};
  weft::wait_group group;
  weft::condition_variable changed;
  weft::timer timer{std::chrono::hours(1)};
};

bool call(const std::string& name, things& t) {
  if (name == "try_send") return t.buffered.try_send(1);
  if (name == "select") return weft::select(weft::send(t.buffered, 1), weft::otherwise()) == 0;
  if (name == "close") return t.buffered.close(), true;
  if (name == "make_chan") return static_cast<bool>(weft::make_chan<int>());
  if (name == "release") return t.units.release(), true;
  if (name == "try_acquire") return t.units.try_acquire();
  if (name == "add") return t.group.add(1), true;
  if (name == "notify") return t.changed.notify_one(), true;
  if (name == "stop") return t.timer.stop();
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string policy = argc > 1 ? argv[1] : "may_wake";
  weft::options options;
  if (policy != "may_wake" && policy != "known_caller" && policy != "parks_at_once" &&
      policy != "parks_late")
    options.foreign_threads = weft::never_wake;

  auto ch = weft::make_chan<int>();
  if (policy == "known_caller") weft::make_chan<int>(1).send(1);
  things used;
  std::atomic<bool> has_called{false};
  std::thread outside([&, ch] {
    char byte = 0;
    if (call(policy, used)) {
      has_called = true;
      std::this_thread::sleep_for(std::chrono::milliseconds(50));  // they fall asleep
      ch.send(7);
      return;
    }
    has_called = true;
    if (policy != "parks_at_once" && ::read(STDIN_FILENO, &byte, 1) != 1) return;
    if (policy == "parks_at_once" || policy == "parks_late")
      weft::make_chan<int>().recv();
    else
      ch.send(7);
  });
  while (!has_called) std::this_thread::yield();
  const int status = weft::run(options, [ch] { std::printf("received %d\n", ch.recv().value()); });
  outside.join();
  return status;
}
