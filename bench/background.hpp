#pragma once
// What must go on while tasks yield: a timer that fires every millisecond, and a descriptor that
// the poller watches. stop() ends both and says whether they did. Tasks only.

#include <sys/socket.h>
#include <unistd.h>

#include <weft/net.hpp>
#include <weft/weft.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "bench/harness.hpp"

namespace bench {

class background {
 public:
  // For counting instructions it does nothing.
  explicit background(const args& a) : is_on_(a.ops == 0) {
    if (!is_on_) return;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds_) != 0) {
      std::perror("socketpair");
      std::exit(1);
    }
    since_ns_ = steady_ns();
    tasks_.go([this] {
      while (!stop_.load(std::memory_order_relaxed)) {
        weft::sleep_for(std::chrono::milliseconds(1));
        fired_.fetch_add(1, std::memory_order_relaxed);
        if (write(fds_[0], "x", 1) != 1) return;
      }
      shutdown(fds_[0], SHUT_WR);
    });
    tasks_.go([this] {
      char c;
      for (;;) {
        weft::net::wait_readable(fds_[1]);
        const auto got = read(fds_[1], &c, 1);
        if (got == 0) return;
        if (got == 1) polled_.fetch_add(1, std::memory_order_relaxed);
      }
    });
  }

  void stop() {
    if (!is_on_) return;
    const auto passed_ms = static_cast<std::uint64_t>((steady_ns() - since_ns_) / 1'000'000);
    const std::uint64_t fired = fired_.load();
    const std::uint64_t polled = polled_.load();
    stop_ = true;
    tasks_.wait();
    close(fds_[0]);
    close(fds_[1]);
    if (passed_ms > 200 && (fired == 0 || polled == 0)) {
      std::fprintf(stderr,
                   "in %llu ms the timer fired %llu times and the poller was seen %llu times\n",
                   static_cast<unsigned long long>(passed_ms),
                   static_cast<unsigned long long>(fired), static_cast<unsigned long long>(polled));
      std::exit(1);
    }
  }

 private:
  const bool is_on_;
  int fds_[2] = {-1, -1};
  std::int64_t since_ns_ = 0;
  std::atomic<bool> stop_{false};
  std::atomic<std::uint64_t> fired_{0};
  std::atomic<std::uint64_t> polled_{0};
  weft::wait_group tasks_;
};

}  // namespace bench
