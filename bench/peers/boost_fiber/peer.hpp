#pragma once
// Runs a benchmark body as a fiber on N threads of Boost.Fiber.
//
// One worker uses the default round_robin. More use `shared_work` or `work_stealing` (chosen by
// --scheduler; they report themselves as boost_fiber and boost_fiber_ws). Neither suspends an idle
// thread: their default, and their fastest setting on a machine with a core for each worker.
// The body runs in a fiber of its own because main fibers are pinned to their thread.

#include <boost/fiber/all.hpp>

#include <atomic>
#include <cstdio>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "bench/harness.hpp"

namespace peer {

namespace fibers = boost::fibers;

class start_line {  // plain threads wait here until all of them have registered their scheduler
 public:
  explicit start_line(unsigned n) : missing_(n) {}
  void arrive_and_wait() {
    missing_.fetch_sub(1);
    while (missing_.load() != 0) {
      std::this_thread::yield();
    }
  }

 private:
  std::atomic<unsigned> missing_;
};

inline const char* runtime_name(const bench::args& a) {
  return a.scheduler == "work_stealing" ? "boost_fiber_ws" : "boost_fiber";
}

template <class F>
int run(int argc, char** argv, F&& body) {
  bench::args a = bench::parse(argc, argv);
  if (a.scheduler.empty()) {
    a.scheduler = a.workers == 1 ? "round_robin" : "shared_work";
  }
  if (a.scheduler != "round_robin" && a.scheduler != "shared_work" &&
      a.scheduler != "work_stealing") {
    std::fprintf(stderr, "%s: no such scheduler: %s\n", argv[0], a.scheduler.c_str());
    return 2;
  }
  if (a.scheduler == "round_robin" && a.workers != 1) {
    std::fprintf(stderr, "%s: round_robin has one worker\n", argv[0]);
    return 2;
  }
  start_line line(a.workers);
  const auto join_scheduler = [&] {
    if (a.scheduler == "shared_work") {
      fibers::use_scheduling_algorithm<fibers::algo::shared_work>();
    } else if (a.scheduler == "work_stealing") {
      fibers::use_scheduling_algorithm<fibers::algo::work_stealing>(a.workers);
    }
    line.arrive_and_wait();
  };

  fibers::mutex mutex;
  fibers::condition_variable_any ended_changed;
  bool ended = false;
  std::vector<std::thread> threads;
  for (unsigned i = 1; i < a.workers; ++i) {
    threads.emplace_back([&] {
      join_scheduler();
      std::unique_lock<fibers::mutex> lock(mutex);
      ended_changed.wait(lock, [&] { return ended; });
    });
  }
  join_scheduler();
  fibers::fiber([&] { body(a, runtime_name(a)); }).join();
  {
    std::unique_lock<fibers::mutex> lock(mutex);
    ended = true;
  }
  ended_changed.notify_all();
  for (auto& thread : threads) {
    thread.join();
  }
  return 0;
}

// Warm stacks for everybody: the library's own pool may be used by one thread only, and its default
// allocates and unmaps a stack a fiber, which would measure nothing but page faults.
class stack_pool {
 public:
  using traits_type = boost::context::stack_traits;

  boost::context::stack_context allocate() {
    {
      guard hold;
      if (!free().empty()) {
        const auto stack = free().back();
        free().pop_back();
        return stack;
      }
    }
    return boost::context::fixedsize_stack(stack_bytes).allocate();
  }
  void deallocate(boost::context::stack_context& stack) noexcept {
    guard hold;
    free().push_back(stack);
  }

 private:
  static constexpr std::size_t stack_bytes = 16 * 1024;

  static std::atomic<bool>& locked() {
    static std::atomic<bool> flag{false};
    return flag;
  }
  static std::vector<boost::context::stack_context>& free() {
    static std::vector<boost::context::stack_context> stacks;
    return stacks;
  }
  struct guard {
    guard() {
      while (locked().exchange(true, std::memory_order_acquire)) {
        std::this_thread::yield();
      }
    }
    ~guard() { locked().store(false, std::memory_order_release); }
  };
};

template <class F>
fibers::fiber spawn(F&& f) {
  return fibers::fiber(std::allocator_arg, stack_pool(), std::forward<F>(f));
}

// What a wait_group does elsewhere, with the means of this library: a counter, and a promise for
// whoever waits for it to reach zero.
class countdown {
 public:
  explicit countdown(std::uint64_t n) : left_(n) {}
  void done() {
    if (left_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      reached_.set_value();
    }
  }
  void wait() { reached_.get_future().wait(); }

 private:
  std::atomic<std::uint64_t> left_;
  fibers::promise<void> reached_;
};

}  // namespace peer
