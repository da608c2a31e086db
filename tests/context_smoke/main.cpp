// A switch's duties without a test framework, to be cross-compiled and run under an emulator.
//
// Prints `context smoke: ok` and ends with 0, or says what is wrong and ends with 1. Needs
// runtime/context, runtime/base/check.cpp and a C++ library, nothing else.
#include <pthread.h>

#include <cerrno>
#include <cfenv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <stdexcept>

#include "runtime/context/context.hpp"

namespace {

using weft::rt::context;
using weft::rt::stack_span;

constexpr std::size_t stack_bytes = 256 * 1024;

#define EXPECT(condition)                                                                         \
  do {                                                                                            \
    if (!(condition)) {                                                                           \
      std::fprintf(stderr, "context smoke: %s does not hold at line %d\n", #condition, __LINE__); \
      std::exit(1);                                                                               \
    }                                                                                             \
  } while (false)

// errno and the exception count of the thread that runs now, never a remembered address.
[[gnu::noinline]] int errno_now() {
  return errno;
}
[[gnu::noinline]] void set_errno(int value) {
  errno = value;
}
[[gnu::noinline]] int uncaught_now() {
  return std::uncaught_exceptions();
}
[[gnu::noinline]] double divide(double a, double b) {
  asm volatile("" : "+m"(a), "+m"(b));  // at run time, in the rounding mode of now
  return a / b;
}

struct flow {
  context self;
  context* back = nullptr;  // who runs it; set before each resume
  std::unique_ptr<std::byte[]> memory{new std::byte[stack_bytes]};
  void (*body)(flow&) = nullptr;
  bool done = false;

  explicit flow(void (*b)(flow&)) : body(b) {
    std::byte* const lo = memory.get();
    weft::rt::context_make(self, {lo, lo + stack_bytes}, &run, this);
  }
  ~flow() { weft::rt::context_destroy(self); }

  static void run(void* arg) {
    flow& me = *static_cast<flow*>(arg);
    me.body(me);
    me.done = true;
    weft::rt::context_leave(me.self, *me.back);
  }
  void pause() { weft::rt::context_switch(self, *back); }
  void resume(context& from) {
    back = &from;
    weft::rt::context_switch(from, self);
  }
};

// Runs f on a thread of its own and waits for it.
void on_other_thread(flow& f) {
  pthread_t thread;
  const auto main = [](void* arg) -> void* {
    context native;
    weft::rt::context_adopt(native);
    set_errno(77);
    EXPECT(std::fesetround(FE_TONEAREST) == 0);
    static_cast<flow*>(arg)->resume(native);
    EXPECT(errno_now() == 77);
    EXPECT(uncaught_now() == 0);
    EXPECT(std::current_exception() == nullptr);
    EXPECT(std::fegetround() == FE_TONEAREST);
    weft::rt::context_abandon(native);
    return nullptr;
  };
  EXPECT(pthread_create(&thread, nullptr, main, &f) == 0);
  EXPECT(pthread_join(thread, nullptr) == 0);
}

long counted = 0;
void counting(flow& me) {
  for (int i = 0; i < 100000; ++i) {
    ++counted;
    me.pause();
  }
}

// Everything that belongs to a flow, checked again after each pause.
struct pauses_when_destroyed {
  flow& me;
  ~pauses_when_destroyed() {
    EXPECT(uncaught_now() == 1);
    me.pause();
    EXPECT(uncaught_now() == 1);
  }
};
void dutiful(flow& me) {
  EXPECT(errno_now() == 0);
  EXPECT(std::fesetround(FE_UPWARD) == 0);
  const double up = divide(1, 3);
  set_errno(5);
  double a = 1.5, b = 2.5, c = 3.5, d = 4.5, e = 5.5, f = 6.5;
  std::uint64_t i = 11, j = 12, k = 13, l = 14, m = 15, n = 16;
  asm volatile("" : "+r"(i), "+r"(j), "+r"(k), "+r"(l), "+r"(m), "+r"(n));
  me.pause();
  EXPECT(i == 11 && j == 12 && k == 13 && l == 14 && m == 15 && n == 16);
  EXPECT(a * b * c * d * e * f == 1.5 * 2.5 * 3.5 * 4.5 * 5.5 * 6.5);
  EXPECT(errno_now() == 5);
  EXPECT(std::fegetround() == FE_UPWARD);
  EXPECT(divide(1, 3) == up);
  try {
    const pauses_when_destroyed local{me};
    throw std::runtime_error("carried along");
  } catch (const std::runtime_error& caught) {
    EXPECT(uncaught_now() == 0);
    me.pause();
    EXPECT(std::current_exception() != nullptr);
    try {
      throw;  // the one being handled, not one of the thread that runs this now
    } catch (const std::runtime_error& again) {
      EXPECT(&again == &caught);
    }
  }
  EXPECT(std::current_exception() == nullptr);
  EXPECT(std::fegetround() == FE_UPWARD);
}

}  // namespace

int main() {
  context native;
  weft::rt::context_adopt(native);

  {
    flow f(&counting);
    while (!f.done) f.resume(native);
    EXPECT(counted == 100000);
  }
  {
    flow f(&dutiful);
    const int mode = std::fegetround();
    for (bool here = true; !f.done; here = !here) {
      set_errno(33);
      if (here) {
        f.resume(native);
        EXPECT(errno_now() == 33);
      } else {
        on_other_thread(f);
      }
      EXPECT(std::fegetround() == mode);
      EXPECT(uncaught_now() == 0);
      EXPECT(std::current_exception() == nullptr);
    }
  }
  weft::rt::context_abandon(native);
  std::puts("context smoke: ok");
}
