// What the scenarios of weft_stress share: random numbers, the round they run in, checks that end
// the process with what is needed to repeat it, values that must be destroyed exactly once, and a
// crew of participants that are tasks or plain threads.
//
// A round is one scenario with one seed, which decides everything: sizes, worker count, how main
// ends. Only the interleaving differs when it is repeated. Timing never decides a check.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "runtime/base/sanitizer.hpp"

#include <weft/weft.hpp>

namespace weft_stress {

class rng {
 public:
  explicit rng(std::uint64_t seed) noexcept : state_(seed) {}

  std::uint64_t next() noexcept {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  // [0, bound)
  int below(int bound) noexcept {
    return static_cast<int>(next() % static_cast<std::uint64_t>(bound));
  }
  // [low, high]
  int between(int low, int high) noexcept { return low + below(high - low + 1); }
  bool one_in(int n) noexcept { return below(n) == 0; }
  template <class T, std::size_t N>
  T pick(const T (&from)[N]) noexcept {
    return from[below(static_cast<int>(N))];
  }
  std::chrono::microseconds up_to_us(int us) noexcept {
    return std::chrono::microseconds(below(us + 1));
  }
  // For somebody else, who will use it at the same time.
  rng fork() noexcept { return rng(next()); }

 private:
  std::uint64_t state_;
};

// Prints what, scenario and seed, every task, and aborts. Any thread.
[[noreturn]] void fail(const char* file, int line, const std::string& what);

#define STRESS_CHECK(condition)                                                \
  do {                                                                         \
    if (!(condition)) ::weft_stress::fail(__FILE__, __LINE__, "not " #condition); \
  } while (false)
#define STRESS_EQUAL(a, b)                                                                      \
  do {                                                                                          \
    const auto stress_a = (a);                                                                  \
    const auto stress_b = (b);                                                                  \
    if (!(stress_a == stress_b))                                                                \
      ::weft_stress::fail(__FILE__, __LINE__,                                                   \
                          #a " is " + std::to_string(stress_a) + ", " #b " is " +              \
                              std::to_string(stress_b));                                       \
  } while (false)

// What was done, for the progress line. Any thread.
void count_steps(std::uint64_t n = 1) noexcept;

class round {
 public:
  round(std::uint64_t seed, unsigned worker_count) : random(seed) {
    static constexpr unsigned counts[] = {1, 2, 2, 3, 8, 32};
    const unsigned chosen = random.pick(counts);
    workers = worker_count != 0 ? worker_count : chosen;
    waits_at_exit = random.one_in(3);
  }

  // The options of this round: whatever is found deadlocked ends the process.
  weft::options options() const;

  template <class F>
  int run(F&& body) {
    return weft::run(options(), std::forward<F>(body));
  }

  // A number of iterations: fewer where each costs more.
  static int size(int n) noexcept {
#if WEFT_TSAN
    return n / 6 + 1;
#elif WEFT_ASAN
    return n / 3 + 1;
#else
    return n;
#endif
  }

  rng random;
  unsigned workers = 1;
  bool waits_at_exit = false;  // main_exit::wait, else cancel
};

// ---- values --------------------------------------------------------------------------------------

// The books of one round: each token that was made is destroyed once. Threads may share it.
class ledger {
 public:
  std::uint64_t open() noexcept { return opened_.fetch_add(1, std::memory_order_relaxed); }
  void close() noexcept { closed_.fetch_add(1, std::memory_order_relaxed); }
  // When everybody has finished.
  void check() const {
    STRESS_EQUAL(opened_.load(), closed_.load());
  }

 private:
  std::atomic<std::uint64_t> opened_{0};
  std::atomic<std::uint64_t> closed_{0};
};

// Move-only. MayThrow: its move is not noexcept, so a channel boxes it.
template <bool MayThrow>
class basic_token {
 public:
  basic_token() noexcept = default;
  basic_token(ledger& books, std::uint64_t value) : books_(&books), value_(value) { books.open(); }
  basic_token(basic_token&& other) noexcept(!MayThrow)
      : books_(std::exchange(other.books_, nullptr)), value_(other.value_) {}
  basic_token& operator=(basic_token&& other) noexcept(!MayThrow) {
    if (this != &other) {
      end();
      books_ = std::exchange(other.books_, nullptr);
      value_ = other.value_;
    }
    return *this;
  }
  ~basic_token() {
    end();
    if (canary_ != alive) fail(__FILE__, __LINE__, "a value was destroyed twice");
    canary_ = 0;
  }
  bool has_value() const noexcept { return books_ != nullptr; }
  std::uint64_t value() const noexcept { return value_; }

 private:
  static constexpr std::uint32_t alive = 0x5eedf00d;
  void end() noexcept {
    if (books_ != nullptr) std::exchange(books_, nullptr)->close();
  }
  ledger* books_ = nullptr;
  std::uint64_t value_ = 0;
  std::uint32_t canary_ = alive;
};
using token = basic_token<false>;
using boxed_token = basic_token<true>;

// Travels as bytes, of which none may be lost.
struct wide {
  std::uint64_t parts[9] = {};
};

template <class T>
struct as_value {
  static T make(ledger& books, std::uint64_t v) { return T(books, v); }
  static std::uint64_t get(const T& t) { return t.value(); }
  static bool is_intact(const T& t, std::uint64_t v) { return t.has_value() && t.value() == v; }
};
template <>
struct as_value<std::uint64_t> {
  static std::uint64_t make(ledger&, std::uint64_t v) { return v; }
  static std::uint64_t get(std::uint64_t t) { return t; }
  static bool is_intact(std::uint64_t t, std::uint64_t v) { return t == v; }
};
template <>
struct as_value<wide> {
  static wide make(ledger&, std::uint64_t v) {
    wide w;
    for (std::uint64_t& part : w.parts) part = v++;
    return w;
  }
  static std::uint64_t get(const wide& w) {
    for (std::uint64_t i = 0; i < 9; ++i) STRESS_EQUAL(w.parts[i], w.parts[0] + i);
    return w.parts[0];
  }
  static bool is_intact(const wide& w, std::uint64_t v) { return get(w) == v; }
};

// ---- participants --------------------------------------------------------------------------------

// Tasks, and with some luck plain threads, that do things together. Of the main task; wait() comes
// before the end.
class crew {
 public:
  crew(rng& random, bool with_threads) : random_(random.fork()), with_threads_(with_threads) {}

  template <class F>
  void go(F f) {
    if (with_threads_ && threads_.size() < 4 && random_.one_in(4)) {
      // Until its first call of weft only the guard says that it may wake somebody.
      threads_.emplace_back([f = std::move(f), guard = weft::waker()]() mutable { f(); });
    } else {
      tasks_.go(std::move(f));
    }
  }
  void wait() {
    tasks_.wait();
    weft::blocking([&] {
      for (std::thread& t : threads_) t.join();
    });
    threads_.clear();
  }

 private:
  rng random_;
  bool with_threads_;
  weft::wait_group tasks_;
  std::vector<std::thread> threads_;
};

// Nothing, a yield, or a short sleep.
inline void dawdle(rng& random) {
  switch (random.below(12)) {
    case 0:
      weft::this_task::yield();
      break;
    case 1:
      weft::sleep_for(random.up_to_us(50));
      break;
    default:
      break;
  }
}

// ---- scenarios -----------------------------------------------------------------------------------

void channels(round& r);
void channels_closing(round& r);
void selects(round& r);
void selects_closing(round& r);
void locks(round& r);
void conditions(round& r);
void semaphores(round& r);
void gates(round& r);
void cancelled_waits(round& r);
void handles(round& r);
void bursts(round& r);
void timers(round& r);
void functions_later(round& r);
void sleepers(round& r);
void blockers(round& r);
void threads_across_runs(round& r);
void leftovers(round& r);
void abandoned(round& r);
void embedded(round& r);
void tcp_echo(round& r);
void tcp_hostile(round& r);

}  // namespace weft_stress
