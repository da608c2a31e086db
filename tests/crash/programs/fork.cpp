// What a forked child can do. The child's findings go to stdout; the parent's status is the child's.
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string>
#include <thread>

#include <weft/weft.hpp>

// A process that leaves while tasks live leaks what they own.
extern "C" int __lsan_is_turned_off();
extern "C" int __lsan_is_turned_off() { return 1; }

namespace {

void say(const std::string& text) {
  std::fputs((text + "\n").c_str(), stdout);
  std::fflush(stdout);
}

template <class F>
std::string error_of(F f) {
  try {
    f();
    return "no error";
  } catch (const weft::error& e) {
    return e.what();
  }
}

// Waits as a plain process does, so that what the child did is all there is.
template <class Child>
int in_child(Child child) {
  const pid_t pid = fork();
  if (pid == 0) {
    child();
    std::fflush(stdout);
    _exit(0);
  }
  int status = 0;
  while (waitpid(pid, &status, 0) < 0) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 100 + WTERMSIG(status);
}

// The parent has tasks in many places when it forks.
template <class Child>
int from_a_task(Child child) {
  return weft::run(weft::options{.workers = 4}, [child] {
    auto never = weft::make_chan<int>();
    for (int i = 0; i < 20; ++i) {
      weft::go([never] { never.recv(); });
      weft::go([] { weft::sleep_for(std::chrono::hours(1)); });
    }
    weft::after_func(std::chrono::hours(1), [] {});
    weft::sleep_for(std::chrono::milliseconds(5));
    const int status = in_child([&] { child(never); });
    // The parent goes on as if nothing had been.
    auto ch = weft::make_chan<int>();
    weft::go([ch] {
      weft::sleep_for(std::chrono::milliseconds(1));
      ch.send(1);
    });
    if (ch.recv() != 1) return 99;
    return status;
  });
}

int fresh_runtime() {
  return weft::run(weft::options{.workers = 3}, [] {
    auto ch = weft::make_chan<int>();
    int sum = 0;
    for (int i = 1; i <= 10; ++i)
      weft::go([ch, i] {
        weft::sleep_for(std::chrono::milliseconds(1));
        ch.send(i);
      });
    for (int i = 0; i < 10; ++i) sum += *ch.recv();
    auto done = weft::make_chan<int>(1);
    weft::after_func(std::chrono::milliseconds(1), [done] { done.send(5); });
    sum += *done.recv();
    say("a fresh runtime: " + std::to_string(sum));
  });
}

}  // namespace

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  using ints = weft::chan<int>;
  if (what == "go") {
    return from_a_task([](const ints&) { say(error_of([] { weft::go([] {}); })); });
  }
  if (what == "stop") {
    weft::start(weft::options{.workers = 2});
    const int status = in_child([] { say(error_of([] { weft::stop(); })); });
    weft::stop();
    return status;
  }
  if (what == "id") {
    return from_a_task([](const ints&) { say("id " + std::to_string(weft::this_task::id())); });
  }
  if (what == "run") return from_a_task([](const ints&) { _exit(fresh_runtime()); });
  if (what == "exit") return from_a_task([](const ints&) { std::exit(7); });
  if (what == "threads") {
    return from_a_task([](const ints& never) {
      weft::mutex mutex;
      auto ch = weft::make_chan<int>();
      std::thread other([&] {
        std::scoped_lock lock(mutex);
        ch.send(4);
      });
      say("received " + std::to_string(*ch.recv()));
      other.join();
      never.close();  // wakes nobody: those tasks are the parent's
    });
  }
  if (what == "blocking") {
    return weft::run(weft::options{.workers = 2}, [] {
      return weft::blocking([] { return in_child([] { _exit(fresh_runtime()); }); });
    });
  }
  if (what == "thread") {
    weft::start(weft::options{.workers = 2});
    int status = 0;
    std::thread([&] { status = in_child([] { _exit(fresh_runtime()); }); }).join();
    weft::stop();
    return status;
  }
  if (what == "between") {
    weft::run([] {});
    const int status = in_child([] { _exit(fresh_runtime()); });
    return status != 0 ? status : fresh_runtime();
  }
  if (what == "return") {
    weft::run(weft::options{.workers = 2}, [] {
      const pid_t pid = fork();
      if (pid != 0) {
        int status = 0;
        while (waitpid(pid, &status, 0) < 0) {
        }
        std::exit(WIFEXITED(status) ? WEXITSTATUS(status) : 100);
      }
    });
    return 98;
  }
  if (what == "exec") {
    return from_a_task([](const ints&) { execl("/bin/echo", "echo", "replaced", nullptr); });
  }
  return 64;
}
