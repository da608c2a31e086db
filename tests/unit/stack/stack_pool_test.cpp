// Stacks are guarded, findable, reused, and a system that refuses is an error with a reason.
#include "runtime/stack/stack_pool.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <memory>
#include <set>
#include <thread>
#include <vector>

#include "tests/unit/stack/fake_os.hpp"

namespace weft::rt::test {
namespace {

constexpr stack_class small{std::size_t{64} << 10, 4, 16};

class stack_pool_test : public testing::Test {
 protected:
  // Large: not on the stack.
  std::unique_ptr<stack_pool> pool_ = std::make_unique<stack_pool>(small);
  stack_pool& pool = *pool_;
  void TearDown() override { pool.reset(); }

  static bool can_write(std::byte* address) { return !os_memory_real().guard_holds(address); }
};

TEST_F(stack_pool_test, a_stack_is_usable_to_its_ends_and_guarded_below) {
  for (int i = 0; i < 40; ++i) {
    const stack_span span = pool.allocate();
    ASSERT_TRUE(span);
    EXPECT_LE(span.size(), small.usable_bytes);
    EXPECT_GT(span.size(), small.usable_bytes - 1024) << "a shallow task touches one page";
    std::memset(span.lo, 0xa5, span.size());
    EXPECT_FALSE(can_write(span.lo - stack_guard_bytes));
    EXPECT_FALSE(can_write(span.lo - 4096));
  }
}

TEST_F(stack_pool_test, stacks_are_distinct_and_their_tops_coloured) {
  std::map<std::byte*, std::byte*> seen;
  std::set<std::uintptr_t> colours;
  for (int i = 0; i < 200; ++i) {
    const stack_span span = pool.allocate();
    ASSERT_TRUE(seen.emplace(span.lo, span.hi).second);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(span.hi) % 64, 0u);
    colours.insert(reinterpret_cast<std::uintptr_t>(span.hi) % 4096);
  }
  std::byte* before = nullptr;
  for (const auto& [lo, hi] : seen) {
    EXPECT_GE(lo, before + (before != nullptr ? stack_guard_bytes : 0));
    before = hi;
  }
  EXPECT_EQ(colours.size(), 16u);
}

TEST_F(stack_pool_test, the_last_one_released_comes_first_and_as_it_was_left) {
  const stack_span a = pool.allocate();
  const stack_span b = pool.allocate();
  b.hi[-1] = std::byte{17};
  pool.release(a);
  pool.release(b);
  EXPECT_EQ(pool.slots_free(), 2u);
  EXPECT_EQ(pool.allocate(), b);
  EXPECT_EQ(b.hi[-1], std::byte{17});
  EXPECT_EQ(pool.allocate(), a);
  EXPECT_EQ(pool.slots_free(), 0u);
}

TEST_F(stack_pool_test, batches_keep_warmth_order) {
  stack_span spans[20];
  for (auto& span : spans) span = pool.allocate();
  pool.release_batch(spans, 20);
  stack_span again[20];
  ASSERT_EQ(pool.allocate_batch(again, 20), 20u);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(again[i], spans[19 - i]);
}

TEST_F(stack_pool_test, for_each_sees_all_slots_in_use_or_free) {
  std::set<std::byte*> mine;
  std::vector<stack_span> spans;
  for (int i = 0; i < 100; ++i) {
    spans.push_back(pool.allocate());
    mine.insert(spans.back().hi);
  }
  for (std::size_t i = 0; i < spans.size(); i += 2) pool.release(spans[i]);
  std::set<std::byte*> seen;
  pool.for_each([&](stack_span span) { seen.insert(span.hi); });
  EXPECT_EQ(seen, mine);
  EXPECT_EQ(pool.slots(), mine.size());
}

TEST_F(stack_pool_test, find_answers_for_every_part_of_a_slot) {
  std::vector<stack_span> spans;
  for (int i = 0; i < 50; ++i) spans.push_back(pool.allocate());
  const auto look = [&](const std::byte* address, bool guard) {
    stack_span found;
    bool in_guard = !guard;
    EXPECT_TRUE(pool.find(address, found, in_guard));
    EXPECT_EQ(in_guard, guard);
    return found;
  };
  for (const stack_span span : spans) {
    EXPECT_EQ(look(span.lo, false), span);
    EXPECT_EQ(look(span.hi - 1, false), span);
    EXPECT_EQ(look(span.lo - 1, true), span);
    EXPECT_EQ(look(span.lo - stack_guard_bytes, true), span);
  }
  stack_span found;
  bool in_guard = false;
  int local = 0;
  EXPECT_FALSE(pool.find(&local, found, in_guard));
  EXPECT_FALSE(pool.find(nullptr, found, in_guard));
  EXPECT_FALSE(pool.find(this, found, in_guard));
}

TEST_F(stack_pool_test, no_address_space_is_an_error_with_a_reason_and_can_pass) {
  stack_failure why;
  {
    fake_os fake;
    fake.no_address_space();
    EXPECT_FALSE(pool.allocate(&why));
    EXPECT_EQ(why.what, stack_failure::kind::reserve);
    EXPECT_EQ(why.error, ENOMEM);
    EXPECT_NE(why.text().find("address space"), std::string::npos) << why.text();
  }
  EXPECT_TRUE(pool.allocate(&why));
}

TEST_F(stack_pool_test, a_smaller_slab_will_do) {
  fake_os fake;
  fake.os.reserve = [](std::size_t bytes, void** out) noexcept {
    if (bytes > (std::size_t{300} << 10)) return ENOMEM;
    return os_memory_real().reserve(bytes, out);
  };
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(pool.allocate());
  EXPECT_EQ(pool.slots(), 10u);
}

TEST_F(stack_pool_test, the_table_of_slabs_ends_with_an_error) {
  fake_os fake;
  fake.os.reserve = [](std::size_t bytes, void** out) noexcept {
    if (bytes > (std::size_t{150} << 10)) return ENOMEM;
    return os_memory_real().reserve(bytes, out);
  };
  stack_failure why;
  int count = 0;
  while (count < 10'000 && pool.allocate(&why)) ++count;
  EXPECT_EQ(count, 256);
  EXPECT_EQ(why.what, stack_failure::kind::full);
}

TEST_F(stack_pool_test, an_old_kernel_gets_guards_by_mprotect) {
  fake_os fake;
  fake.old_kernel();
  for (int i = 0; i < 20; ++i) {
    const stack_span span = pool.allocate();
    ASSERT_TRUE(span);
    std::memset(span.lo, 1, span.size());
    EXPECT_FALSE(can_write(span.lo - 4096));
    EXPECT_FALSE(can_write(span.lo - stack_guard_bytes));
  }
}

TEST_F(stack_pool_test, a_guard_that_is_accepted_and_ignored_is_noticed) {
  fake_os fake;
  fake.guards_that_do_nothing();
  for (int i = 0; i < 20; ++i) {
    const stack_span span = pool.allocate();
    ASSERT_TRUE(span);
    EXPECT_FALSE(can_write(span.lo - 4096));
  }
}

TEST_F(stack_pool_test, the_limit_of_mappings_is_explained_and_no_slot_is_lost) {
  stack_failure why;
  {
    fake_os fake;
    fake.old_kernel();
    fake.no_more_mappings();
    EXPECT_FALSE(pool.allocate(&why));
    EXPECT_EQ(why.what, stack_failure::kind::guard_mapping);
    EXPECT_NE(why.text().find("vm.max_map_count"), std::string::npos) << why.text();
    stack_span several[8];
    EXPECT_EQ(pool.allocate_batch(several, 8, &why), 0u);
  }
  const std::size_t slots = pool.slots();
  for (std::size_t i = 0; i < slots; ++i) {
    const stack_span span = pool.allocate();
    ASSERT_TRUE(span);
    EXPECT_FALSE(can_write(span.lo - 4096));
  }
  EXPECT_EQ(pool.slots(), slots);
}

TEST_F(stack_pool_test, a_batch_that_fails_half_way_gives_what_it_has) {
  static int left;
  left = 3;
  fake_os fake;
  fake.old_kernel();
  fake.os.guard_mapping = [](void* address, std::size_t bytes) noexcept {
    return left-- > 0 ? os_memory_real().guard_mapping(address, bytes) : ENOMEM;
  };
  stack_span out[8];
  EXPECT_EQ(pool.allocate_batch(out, 8), 3u);
  EXPECT_EQ(pool.allocate_batch(out, 8), 0u);
}

TEST_F(stack_pool_test, threads_share_it) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int round = 0; round < 200; ++round) {
        stack_span spans[16];
        const std::size_t n = pool.allocate_batch(spans, 1 + (round * 7 + t) % 16);
        for (std::size_t i = 0; i < n; ++i) *reinterpret_cast<int*>(spans[i].hi - 64) = t;
        stack_span found;
        bool in_guard = true;
        for (std::size_t i = 0; i < n; ++i) {
          EXPECT_TRUE(pool.find(spans[i].hi - 1, found, in_guard));
          EXPECT_EQ(found, spans[i]);
          EXPECT_EQ(*reinterpret_cast<int*>(spans[i].hi - 64), t);
        }
        pool.release_batch(spans, n);
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(pool.slots_free(), pool.slots());
}

TEST_F(stack_pool_test, misuse_is_loud) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const stack_span span = pool.allocate();
  EXPECT_DEATH(
      {
        pool.release(span);
        pool.release(span);
      },
      "released twice");
  EXPECT_DEATH(pool.release({span.lo + 16, span.hi}), "not this pool's");
}

TEST(stack_classes, each_has_a_pool) {
  for (std::size_t i = 0; i < stack_class_count; ++i) {
    stack_pool& pool = stack_pool::of_class(i);
    EXPECT_EQ(pool.usable_bytes(), stack_classes[i].usable_bytes);
    const stack_span span = pool.allocate();
    ASSERT_TRUE(span);
    span.lo[0] = span.hi[-1] = std::byte{1};
    stack_span found;
    bool in_guard = true;
    EXPECT_TRUE(find_stack(span.lo, found, in_guard));
    EXPECT_EQ(found, span);
    EXPECT_FALSE(in_guard);
    pool.release(span);
  }
}

}  // namespace
}  // namespace weft::rt::test
