// All tasks but one wait, and that one, or something outside, will wake them after a while: no
// deadlock. The argument names what it is. Ends with status 0 and "woken" on stdout.
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <thread>
#include <weft/weft.hpp>

namespace {

using namespace std::chrono_literals;

constexpr auto a_while = 400ms;  // many times what the detector takes to decide

// Main waits on a channel, another task on a mutex that main holds, and the third does `call` and
// then sends.
template <class Call>
void wake_after(Call call) {
  auto ch = weft::make_chan<int>();
  weft::mutex mutex;
  mutex.lock();
  auto locks = weft::spawn([&] {
    mutex.lock();
    mutex.unlock();
  });
  auto wakes = weft::spawn([=] {
    call();
    ch.send(1);
  });
  ch.recv();
  mutex.unlock();
  locks.join();
  wakes.join();
  std::printf("woken\n");
}

void sleep() {
  wake_after([] { weft::sleep_for(a_while); });
}
void timeout() {
  wake_after([] { weft::select(weft::recv(weft::make_chan<int>()), weft::timeout(a_while)); });
}
void timed_receive() {
  wake_after([] { weft::make_chan<int>().recv_for(a_while); });
}
void blocking() {
  wake_after([] { weft::blocking([] { std::this_thread::sleep_for(a_while); }); });
}
void running() {
  wake_after([] { std::this_thread::sleep_for(a_while); });
}
// The test connects, after a while.
void accept() {
  wake_after([] {
    weft::net::listener listener = weft::net::listen("tcp", "127.0.0.1:0");
    std::printf("listening on %s\n", listener.local_address().to_string().c_str());
    std::fflush(stdout);
    listener.accept();
  });
}
// The same, and the worker that becomes idle last is not the one that waits in the poller.
void accept_before_main() {
  auto ch = weft::make_chan<int>();
  auto wakes = weft::spawn([=] {
    weft::net::listener listener = weft::net::listen("tcp", "127.0.0.1:0");
    std::printf("listening on %s\n", listener.local_address().to_string().c_str());
    std::fflush(stdout);
    listener.accept();
    ch.send(1);
  });
  const auto end = std::chrono::steady_clock::now() + a_while / 4;
  while (std::chrono::steady_clock::now() < end) {
  }
  ch.recv();
  wakes.join();
  std::printf("woken\n");
}
// The test connects and sends a byte, after a while.
void read() {
  wake_after([] {
    weft::net::listener listener = weft::net::listen("tcp", "127.0.0.1:0");
    std::printf("listening on %s\n", listener.local_address().to_string().c_str());
    std::fflush(stdout);
    weft::net::conn c = listener.accept();
    char byte = 0;
    c.read_some(weft::net::mutable_bytes(&byte, 1));
  });
}
// A thread that has called weft once counts until it ends.
void foreign_thread() {
  auto ch = weft::make_chan<int>();
  std::atomic<bool> has_called{false};
  std::thread outside([ch, &has_called] {
    weft::this_task::yield();  // a call that may wait: an unlocked look does not make it known
    has_called = true;
    std::this_thread::sleep_for(a_while);
    ch.send(1);
  });
  while (!has_called) weft::this_task::yield();
  ch.recv();
  outside.join();
  std::printf("woken\n");
}
// A thread that has not called weft is known by the guard that it holds.
void waker() {
  auto ch = weft::make_chan<int>();
  std::thread outside([ch, guard = weft::waker()] {
    std::this_thread::sleep_for(a_while);
    ch.send(1);
  });
  ch.recv();
  outside.join();
  std::printf("woken\n");
}
// A function that is called later is something that may wake somebody.
void function_later() {
  auto ch = weft::make_chan<int>();
  weft::after_func(a_while, [ch] { ch.send(1); });
  ch.recv();
  std::printf("woken\n");
}
void timer_waited_for() {
  wake_after([] { weft::timer(a_while).chan().recv(); });
}
void ticker_in_a_select() {
  wake_after([] {
    weft::ticker ticker(a_while);
    weft::select(weft::recv(weft::make_chan<int>()), weft::recv(ticker.chan()));
  });
}
// A foreign thread parked with a deadline wakes by itself.
void foreign_sleeper() {
  auto ch = weft::make_chan<int>();
  std::atomic<bool> is_known{false};
  std::thread outside([ch, &is_known] {
    weft::this_task::yield();
    is_known = true;
    weft::make_chan<int>().recv_for(a_while);
    ch.send(1);
  });
  while (!is_known) weft::this_task::yield();
  ch.recv();
  outside.join();
  std::printf("woken\n");
}
// One task waits for a pipe, which a thread that weft does not know writes to.
void pipe_waited_for() {
  int ends[2];
  if (::pipe(ends) != 0) std::abort();
  std::thread outside([&] {
    std::this_thread::sleep_for(a_while);
    (void)!::write(ends[1], "x", 1);
  });
  wake_after([&] { weft::net::wait_readable(ends[0]); });
  outside.join();
}

const std::map<std::string, void (*)()> kinds = {
    {"sleep", sleep},
    {"timeout", timeout},
    {"timed_receive", timed_receive},
    {"blocking", blocking},
    {"running", running},
    {"accept", accept},
    {"accept_before_main", accept_before_main},
    {"read", read},
    {"foreign_thread", foreign_thread},
    {"waker", waker},
    {"function_later", function_later},
    {"timer_waited_for", timer_waited_for},
    {"ticker_in_a_select", ticker_in_a_select},
    {"foreign_sleeper", foreign_sleeper},
    {"pipe_waited_for", pipe_waited_for},
};

}  // namespace

int main(int argc, char** argv) {
  const auto kind = kinds.find(argc > 1 ? argv[1] : "");
  if (kind == kinds.end()) return 64;
  return weft::run(weft::options{.workers = 2}, [&] { kind->second(); });
}
