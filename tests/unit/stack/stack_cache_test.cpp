// A cache gives back the warmest stack, stays within its bound, and loses none.
#include "runtime/stack/stack_cache.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <thread>
#include <vector>

#include "tests/unit/stack/fake_os.hpp"

namespace weft::rt::test {
namespace {

constexpr stack_class small{std::size_t{64} << 10, 64, 256};

class stack_cache_test : public testing::Test {
 protected:
  std::unique_ptr<stack_pool> pool_ = std::make_unique<stack_pool>(small);
  stack_pool& pool = *pool_;
  void TearDown() override { pool.reset(); }
};

TEST_F(stack_cache_test, last_given_is_first_taken) {
  stack_cache cache(pool);
  const stack_span a = cache.take(), b = cache.take(), c = cache.take();
  cache.give(a);
  cache.give(c);
  cache.give(b);
  EXPECT_EQ(cache.take(), b);
  EXPECT_EQ(cache.take(), c);
  EXPECT_EQ(cache.take(), a);
}

TEST_F(stack_cache_test, the_bound_holds_and_the_coldest_go) {
  stack_cache cache(pool);
  std::vector<stack_span> spans;
  for (int i = 0; i < 300; ++i) spans.push_back(cache.take());
  std::set<std::byte*> distinct;
  for (const stack_span span : spans) distinct.insert(span.lo);
  EXPECT_EQ(distinct.size(), 300u);

  for (const stack_span span : spans) {
    cache.give(span);
    EXPECT_LE(cache.size(), stack_cache::capacity);
  }
  EXPECT_EQ(cache.size() + pool.slots_free(), pool.slots());
  for (std::size_t i = 0; i < stack_cache::batch; ++i)
    EXPECT_EQ(cache.take(), spans[spans.size() - 1 - i]) << "warm ones stay";
}

TEST_F(stack_cache_test, what_one_gave_up_another_gets) {
  stack_cache giver(pool);
  std::vector<stack_span> spans;
  for (int i = 0; i < 200; ++i) spans.push_back(giver.take());
  for (const stack_span span : spans) giver.give(span);
  giver.flush();
  const std::size_t slots = pool.slots();
  stack_cache taker(pool);
  for (std::size_t i = 0; i < slots; ++i) EXPECT_TRUE(taker.take());
  EXPECT_EQ(pool.slots(), slots) << "no fresh slot while there are free ones";
}

TEST_F(stack_cache_test, a_cache_that_goes_gives_all_back) {
  {
    stack_cache cache(pool);
    for (int i = 0; i < 10; ++i) cache.give(cache.take());
    EXPECT_GT(cache.size(), 0u);
  }
  EXPECT_EQ(pool.slots_free(), pool.slots());
}

TEST_F(stack_cache_test, failure_is_an_empty_span_with_a_reason) {
  stack_cache cache(pool);
  {
    fake_os fake;
    fake.no_address_space();
    EXPECT_FALSE(cache.take());
    EXPECT_EQ(cache.last_failure().what, stack_failure::kind::reserve);
    EXPECT_EQ(cache.size(), 0u);
  }
  EXPECT_TRUE(cache.take());
}

TEST_F(stack_cache_test, caches_of_several_threads) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t)
    threads.emplace_back([&, t] {
      stack_cache cache(pool);
      std::vector<stack_span> held;
      for (int i = 0; i < 2000; ++i) {
        if (held.size() < static_cast<std::size_t>(i * 37 % 150)) {
          const stack_span span = cache.take();
          ASSERT_TRUE(span);
          *reinterpret_cast<int*>(span.hi - 64) = t * 100'000 + i;
          held.push_back(span);
        } else if (!held.empty()) {
          EXPECT_EQ(*reinterpret_cast<int*>(held.back().hi - 64) / 100'000, t);
          cache.give(held.back());
          held.pop_back();
        }
      }
      for (const stack_span span : held) cache.give(span);
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(pool.slots_free(), pool.slots());
}

}  // namespace
}  // namespace weft::rt::test
