// What nearly every conformance test needs: run a body as the main task on a given number of
// workers, wait for something that another task does, and find out how a call ended that would wait
// for ever. From any thread, except where a function says that it yields: that one is for tasks.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <string>
#include <utility>

#include <weft/weft.hpp>

#if defined(__SANITIZE_THREAD__)
#define WEFT_TEST_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define WEFT_TEST_TSAN 1
#endif
#endif

namespace weft_test {

#ifdef WEFT_TEST_TSAN
inline constexpr bool under_tsan = true;
#else
inline constexpr bool under_tsan = false;
#endif

inline weft::options workers(unsigned n) {
  weft::options options;
  options.workers = static_cast<decltype(options.workers)>(n);
  // Only to end a hang: unwinding thousands of tasks under a sanitizer on a busy machine takes time.
  options.exit_grace = std::chrono::seconds(60);
  return options;
}

template <class F>
int run(unsigned worker_count, F&& body) {
  return weft::run(workers(worker_count), std::forward<F>(body));
}

// A suite derived from this runs each of its tests on 1, 2 and 8 workers; WEFT_ON_WORKERS(Suite)
// asks for it.
class on_workers : public ::testing::TestWithParam<unsigned> {
 protected:
  template <class F>
  int run(F&& body) {
    return weft_test::run(GetParam(), std::forward<F>(body));
  }
};

#define WEFT_ON_WORKERS(Suite)                                                       \
  INSTANTIATE_TEST_SUITE_P(Workers, Suite, ::testing::Values(1u, 2u, 8u),            \
                           [](const ::testing::TestParamInfo<unsigned>& parameter) { \
                             return std::to_string(parameter.param);                 \
                           })

// Yields until `condition()` holds. A test that hangs here is ended by ctest's limit.
template <class Condition>
void yield_until(Condition condition) {
  while (!condition()) weft::this_task::yield();
}

inline void yield_until(const std::atomic<bool>& flag) {
  yield_until([&] { return flag.load(); });
}

// Gives other tasks every opportunity to reach the call that they are about to make. A nudge: a
// test must be right also if they have not reached it.
inline void settle() {
  for (int i = 0; i < 4; ++i) weft::this_task::yield();
  weft::sleep_for(std::chrono::milliseconds(1));
  for (int i = 0; i < 4; ++i) weft::this_task::yield();
}

enum class ended { not_reached, returned, cancelled, threw };

inline std::ostream& operator<<(std::ostream& out, ended e) {
  switch (e) {
    case ended::not_reached:
      return out << "not reached";
    case ended::returned:
      return out << "returned";
    case ended::cancelled:
      return out << "cancelled";
    case ended::threw:
      return out << "threw";
  }
  return out;
}

// Makes `call` in a task of its own, lets the main task end a little later, and tells how the call
// came back. One that waits for ever can only be cancelled; one that does not wait has returned or
// thrown before it could be.
template <class Call>
ended how_it_ends_at_main_end(unsigned worker_count, Call call) {
  std::atomic<ended> result{ended::not_reached};
  std::atomic<bool> started{false};
  run(worker_count, [&] {
    weft::go([&] {
      started = true;
      try {
        call();
        result = ended::returned;
      } catch (const weft::task_cancelled&) {
        result = ended::cancelled;
      } catch (...) {
        result = ended::threw;
      }
    });
    yield_until(started);
    settle();
  });
  return result;
}

}  // namespace weft_test
