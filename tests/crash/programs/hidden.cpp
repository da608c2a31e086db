// A deadlock beside something that must not hide it, which the argument names.
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <system_error>
#include <thread>
#include <vector>
#include <weft/weft.hpp>

namespace {

using namespace std::chrono_literals;

[[noreturn]] void get_stuck() {
  auto ch = weft::make_chan<int>();
  weft::go([ch] { ch.send(1); });
  weft::make_chan<int>().recv();
  std::abort();
}

void idle_listener() {
  weft::net::listener idle = weft::net::listen("tcp", "127.0.0.1:0");
  get_stuck();
}

void idle_connection() {
  weft::net::listener listener = weft::net::listen("tcp", "127.0.0.1:0");
  auto dialling = weft::spawn(
      [where = listener.local_address().to_string()] { return weft::net::dial("tcp", where); });
  weft::net::conn here = listener.accept();
  weft::net::conn there = dialling.join();
  get_stuck();
}

void signal_handler() {
  std::signal(SIGUSR1, [](int) {});
  std::signal(SIGINT, [](int) {});
  get_stuck();
}

void timeout_that_was_not_needed() {
  auto ch = weft::make_chan<int>(1);
  ch.send(1);
  weft::select(weft::recv(ch), weft::timeout(24h));
  auto sender = weft::spawn([ch] { ch.send_for(2, 24h); });
  ch.recv_for(24h);
  sender.join();
  get_stuck();
}

void tasks_that_ended() {
  weft::wait_group all;
  for (int i = 0; i < 1000; ++i) {
    all.go([] {
      weft::this_task::yield();
      weft::sleep_for(1us);
    });
  }
  all.wait();
  get_stuck();
}

void blocking_that_ended() {
  weft::wait_group all;
  for (int i = 0; i < 10; ++i) {
    all.go([] { weft::blocking([] {}); });
  }
  all.wait();
  get_stuck();
}

void waker_that_ended() {
  {
    weft::waker one;
    weft::waker two = one;
  }
  get_stuck();
}

void unread_timers() {
  weft::timer timer(24h);
  weft::ticker ticker(24h);
  weft::ticker busy(1ms);  // nobody reads its ticks
  get_stuck();
}

void stopped_timers() {
  weft::timer call = weft::after_func(24h, [] {});
  call.stop();
  weft::timer timer(24h);
  auto reader = weft::spawn([timer] { timer.chan().recv(); });
  weft::this_task::yield();
  timer.stop();  // the reader waits for ever now
  get_stuck();
}

void closed_listener() {
  weft::net::listener listener = weft::net::listen("tcp", "127.0.0.1:0");
  weft::go([&] {
    std::error_code error;
    listener.accept(error);
  });
  weft::this_task::yield();
  listener.close();
  get_stuck();
}

void deadline_of_a_connection() {
  weft::net::listener listener = weft::net::listen("tcp", "127.0.0.1:0");
  listener.set_deadline(std::chrono::steady_clock::now() + 24h);
  get_stuck();
}

void threads_that_ended() {
  for (int i = 0; i < 3; ++i) {
    std::thread outside([] {
      weft::this_task::yield();
      weft::spawn([] {}).join();
    });
    weft::blocking([&] { outside.join(); });
  }
  get_stuck();
}

const std::map<std::string, void (*)()> kinds = {
    {"nothing", get_stuck},
    {"idle_listener", idle_listener},
    {"idle_connection", idle_connection},
    {"signal_handler", signal_handler},
    {"timeout_that_was_not_needed", timeout_that_was_not_needed},
    {"tasks_that_ended", tasks_that_ended},
    {"blocking_that_ended", blocking_that_ended},
    {"waker_that_ended", waker_that_ended},
    {"unread_timers", unread_timers},
    {"stopped_timers", stopped_timers},
    {"closed_listener", closed_listener},
    {"deadline_of_a_connection", deadline_of_a_connection},
    {"threads_that_ended", threads_that_ended},
};

}  // namespace

int main(int argc, char** argv) {
  const auto kind = kinds.find(argc > 1 ? argv[1] : "");
  if (kind == kinds.end()) return 64;
  return weft::run([&] { kind->second(); });
}
