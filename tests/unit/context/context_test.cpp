// A flow keeps its place, its registers and its stack across switches.
#include "runtime/context/context.hpp"

#include <gtest/gtest.h>
#include <unwind.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/unit/context/flow.hpp"

namespace weft::rt::test {
namespace {

constexpr bool sanitized = WEFT_ASAN || WEFT_TSAN;

TEST(context, a_flow_continues_where_it_paused) {
  constexpr int rounds = sanitized ? 50'000 : 1'000'000;
  native_flow native;
  int count = 0;
  flow f([&](flow& me) {
    for (int i = 0; i < rounds; ++i) {
      ++count;
      me.pause();
    }
  });
  for (int i = 1; i <= rounds; ++i) {
    f.resume(native);
    ASSERT_EQ(count, i);
  }
  EXPECT_FALSE(f.done);
  f.resume(native);
  EXPECT_TRUE(f.done);
}

TEST(context, many_flows_take_turns) {
  native_flow native;
  std::vector<std::unique_ptr<flow>> flows;
  std::vector<int> steps(500);
  for (std::size_t i = 0; i < steps.size(); ++i)
    flows.push_back(std::make_unique<flow>([&steps, i](flow& me) {
      for (; steps[i] < 10; ++steps[i]) me.pause();
    }));
  for (int round = 0; round < 11; ++round)
    for (auto& f : flows) f->resume(native);
  for (std::size_t i = 0; i < steps.size(); ++i) {
    EXPECT_EQ(steps[i], 10);
    EXPECT_TRUE(flows[i]->done);
  }
}

TEST(context, a_flow_may_switch_to_another_flow_and_the_last_one_leaves_to_the_thread) {
  native_flow native;
  std::string trace;
  flow second([&](flow&) { trace += "2"; });
  flow first([&](flow& me) {
    trace += "1";
    second.resume(me.self);
    trace += "3";
  });
  first.resume(native);
  EXPECT_EQ(trace, "123");
  EXPECT_TRUE(first.done && second.done);
}

// Each value lives across the pause, in whatever place the compiler likes best.
TEST(context, registers_survive) {
  native_flow native;
  flow other([](flow& me) {
    for (;;) {
      std::array<std::uint64_t, 32> noise{};
      for (auto& n : noise) n = reinterpret_cast<std::uintptr_t>(&n) * 0x9e3779b97f4a7c15u;
      asm volatile("" : : "r"(noise.data()) : "memory");
      me.pause();
    }
  });
  flow f([](flow& me) {
    std::uint64_t i[12];
    double d[12];
    long double l = 1.25L;
    for (int k = 0; k < 12; ++k) {
      i[k] = static_cast<std::uint64_t>(k) * 7919;
      d[k] = k * 0.5;
    }
    for (int round = 0; round < 1000; ++round) {
      me.pause();
      for (int k = 0; k < 12; ++k) {
        i[k] += static_cast<std::uint64_t>(k);
        d[k] += k;
      }
      l += 1;
    }
    for (int k = 0; k < 12; ++k) {
      EXPECT_EQ(i[k], static_cast<std::uint64_t>(k) * 8919);
      EXPECT_EQ(d[k], k * 1000.5);
    }
    EXPECT_EQ(l, 1001.25L);
  });
  while (!f.done) {
    f.resume(native);
    other.resume(native);
  }
}

TEST(context, the_stack_is_aligned_for_calls) {
  native_flow native;
  for (std::size_t off = 0; off < 64; off += 8) {
    auto memory = std::make_unique<std::byte[]>(flow::stack_bytes);
    struct shared {
      context self, *back;
      std::uintptr_t misaligned = 1;
    } s{{}, &native.self};
    context_make(
        s.self, {memory.get(), memory.get() + flow::stack_bytes - off},
        [](void* arg) {
          alignas(16) volatile char local[16] = {};
          auto& mine = *static_cast<shared*>(arg);
          mine.misaligned = reinterpret_cast<std::uintptr_t>(&local) % 16;
          context_leave(mine.self, *mine.back);
        },
        &s);
    context_switch(native.self, s.self);
    EXPECT_EQ(s.misaligned, 0u);
    context_destroy(s.self);
  }
}

TEST(context, nothing_is_written_above_the_span) {
  native_flow native;
  auto memory = std::make_unique<std::byte[]>(flow::stack_bytes);
  std::byte* const hi = memory.get() + flow::stack_bytes - 256;
  for (int i = 0; i < 256; ++i) hi[i] = std::byte{0x5a};
  struct shared {
    context self, *back;
  } s{{}, &native.self};
  context_make(
      s.self, {memory.get(), hi},
      [](void* arg) {
        auto& mine = *static_cast<shared*>(arg);
        context_switch(mine.self, *mine.back);
        context_leave(mine.self, *mine.back);
      },
      &s);
  context_switch(native.self, s.self);
  context_switch(native.self, s.self);
  context_destroy(s.self);
  for (int i = 0; i < 256; ++i) ASSERT_EQ(hi[i], std::byte{0x5a}) << i;
}

[[gnu::noinline]] int recurse(int depth) {
  volatile char frame[64];
  frame[0] = static_cast<char>(depth);
  if (depth == 0) return frame[0];
  return recurse(depth - 1) + (frame[0] == static_cast<char>(depth) ? 1 : -1000);
}

TEST(context, most_of_the_stack_can_be_used) {
  native_flow native;
  int reached = 0;
  flow f([&](flow&) { reached = recurse(sanitized ? 300 : 1200); });
  f.resume(native);
  EXPECT_EQ(reached, sanitized ? 300 : 1200);
}

// A flow that ended leaves frames that nobody returned from; a flow that is given up too.
TEST(context, a_stack_can_be_used_again) {
  native_flow native;
  int sum = 0;
  const auto busy = [&](flow& me) {
    std::array<volatile char, 4096> local;
    for (auto& c : local) c = 1;
    me.pause();
    for (auto& c : local) sum += c;
  };
  flow f(busy);
  for (int i = 0; i < 50; ++i) {
    f.resume(native);
    if (i % 2 == 0) f.resume(native);
    EXPECT_EQ(f.done, i % 2 == 0);
    f.restart([&](flow&) { sum += recurse(100) - 100; });
    f.resume(native);
    EXPECT_TRUE(f.done);
    f.restart(busy);
  }
  EXPECT_EQ(sum, 25 * 4096);
}

TEST(context, a_flow_that_never_ran_can_be_destroyed) {
  native_flow native;
  for (int i = 0; i < 100; ++i) flow never([](flow&) { FAIL(); });
}

// pthread_self is declared const: inlined, a compiler would keep its value across the pause.
[[gnu::noinline]] std::thread::id thread_now() {
  asm volatile("" ::: "memory");
  return std::this_thread::get_id();
}

// The flow may be resumed by any thread once the one that suspended it said so.
TEST(context, a_flow_migrates_between_threads) {
  constexpr int rounds = 500;
  std::vector<std::thread::id> seen;
  flow f([&](flow& me) {
    for (int i = 0; i < rounds; ++i) {
      seen.push_back(thread_now());
      me.pause();
    }
  });
  std::atomic<int> turn{0};
  const auto run = [&](int mine) {
    native_flow native;
    for (int i = mine; i < rounds; i += 2) {
      while (turn.load(std::memory_order_acquire) != i) std::this_thread::yield();
      f.resume(native);
      turn.store(i + 1, std::memory_order_release);
    }
  };
  std::thread one(run, 0), two(run, 1);
  one.join();
  two.join();
  ASSERT_EQ(seen.size(), static_cast<std::size_t>(rounds));
  for (std::size_t i = 2; i < seen.size(); ++i) EXPECT_EQ(seen[i], seen[i - 2]);
  EXPECT_NE(seen[0], seen[1]);
  native_flow native;
  f.resume(native);
  EXPECT_TRUE(f.done);
}

TEST(context, a_context_may_lie_on_its_own_stack) {
  native_flow native;
  auto memory = std::make_unique<std::byte[]>(flow::stack_bytes);
  std::byte* const top = memory.get() + flow::stack_bytes;
  const auto record =
      (reinterpret_cast<std::uintptr_t>(top) - sizeof(context)) & ~std::uintptr_t{63};
  auto* const self = ::new (reinterpret_cast<void*>(record)) context;
  static context* back;
  back = &native.self;
  context_make(
      *self, {memory.get(), reinterpret_cast<std::byte*>(record)},
      [](void* arg) {
        auto& mine = *static_cast<context*>(arg);
        context_switch(mine, *back);
        context_leave(mine, *back);
      },
      self);
  context_switch(native.self, *self);
  context_switch(native.self, *self);
  context_destroy(*self);
}

// ---- where a flow stands -----------------------------------------------------------------------

struct paused_here {
  flow& me;
  void* return_address = nullptr;
};

[[gnu::noinline]] void pause_in_a_frame(paused_here& here) {
  here.return_address = __builtin_return_address(0);
  here.me.pause();
  asm volatile("" ::: "memory");
}

TEST(context, a_parked_stack_is_walked_along_frame_pointers) {
  native_flow native;
  void* wanted = nullptr;
  flow f([&](flow& me) {
    paused_here here{me};
    pause_in_a_frame(here);
    wanted = here.return_address;
  });
  f.resume(native);
  const saved_frame at = context_frame(f.self);
  EXPECT_TRUE(f.stack().contains(at.sp));
  std::vector<void*> chain{at.pc};
  for (void** frame = static_cast<void**>(at.fp); frame != nullptr;) {
    ASSERT_TRUE(f.stack().contains(frame));
    ASSERT_LT(chain.size(), 100u);
    if (frame[1] != nullptr) chain.push_back(frame[1]);
    void** const next = static_cast<void**>(frame[0]);
    ASSERT_TRUE(next == nullptr || next > frame);
    frame = next;
  }
  f.resume(native);
  EXPECT_NE(std::find(chain.begin(), chain.end(), wanted), chain.end());
}

_Unwind_Reason_Code count_frame(_Unwind_Context*, void* count) {
  ++*static_cast<int*>(count);
  return *static_cast<int*>(count) < 1000 ? _URC_NO_REASON : _URC_NORMAL_STOP;
}

TEST(context, unwinding_ends_at_the_flows_first_frame) {
  native_flow native;
  int frames = 0;
  _Unwind_Reason_Code end = _URC_NO_REASON;
  flow f([&](flow&) { end = _Unwind_Backtrace(&count_frame, &frames); });
  f.resume(native);
  EXPECT_EQ(end, _URC_END_OF_STACK);
  EXPECT_GE(frames, 2);
  EXPECT_LT(frames, 20);
}

// ---- misuse ------------------------------------------------------------------------------------

TEST(context_death, an_exception_that_leaves_the_entry_is_terminate) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        native_flow native;
        flow f([](flow&) { throw std::runtime_error("out of the flow"); });
        f.resume(native);
      },
      "out of the flow");
}

TEST(context_death, an_entry_that_returns_is_named) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        native_flow native;
        auto memory = std::make_unique<std::byte[]>(flow::stack_bytes);
        context self;
        context_make(
            self, {memory.get(), memory.get() + flow::stack_bytes}, [](void*) {}, nullptr);
        context_switch(native.self, self);
      },
      "the entry of a flow returned");
}

TEST(context_death, a_flow_that_ended_cannot_be_resumed) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        native_flow native;
        flow f([](flow&) {});
        f.resume(native);
        f.resume(native);
      },
      "a flow that has ended was resumed");
}

}  // namespace
}  // namespace weft::rt::test
