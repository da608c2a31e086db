// netpoll/poll_pool.hpp: slots are found by index for ever and given out again.
#include "netpoll/poll_pool.hpp"

#include <gtest/gtest.h>

#include <set>
#include <thread>
#include <vector>

namespace {

using namespace weft;

TEST(poll_pool, a_slot_is_found_by_its_index_in_use_and_afterwards) {
  std::vector<np::poll_desc*> slots;
  for (int i = 0; i < 300; ++i) slots.push_back(np::allocate_desc());
  std::set<std::uint32_t> indices;
  for (np::poll_desc* slot : slots) {
    ASSERT_NE(slot, nullptr);
    EXPECT_TRUE(indices.insert(slot->index()).second);
    EXPECT_EQ(np::find_desc(slot->index()), slot);
    EXPECT_LT(slot->index(), np::desc_limit());
  }
  for (np::poll_desc* slot : slots) np::free_desc(*slot);
  for (np::poll_desc* slot : slots) EXPECT_EQ(np::find_desc(slot->index()), slot);
}

TEST(poll_pool, an_index_that_never_was_is_not_found) {
  EXPECT_EQ(np::find_desc(np::desc_limit() + 1000), nullptr);
  EXPECT_EQ(np::find_desc(0xffffffffu), nullptr);
}

TEST(poll_pool, the_slot_given_back_last_is_given_out_first) {
  np::poll_desc* first = np::allocate_desc();
  np::free_desc(*first);
  np::poll_desc* second = np::allocate_desc();
  EXPECT_EQ(first, second);
  np::free_desc(*second);
}

TEST(poll_pool, threads_never_share_a_slot) {
  std::vector<std::thread> threads;
  std::vector<std::vector<np::poll_desc*>> taken(4);
  for (auto& mine : taken) {
    threads.emplace_back([&mine] {
      for (int round = 0; round < 20; ++round) {
        for (int i = 0; i < 50; ++i) mine.push_back(np::allocate_desc());
        for (int i = 0; i < 25; ++i) {
          np::free_desc(*mine.back());
          mine.pop_back();
        }
      }
    });
  }
  for (std::thread& t : threads) t.join();
  std::set<np::poll_desc*> all;
  for (auto& mine : taken)
    for (np::poll_desc* slot : mine) EXPECT_TRUE(all.insert(slot).second);
  for (np::poll_desc* slot : all) np::free_desc(*slot);
}

}  // namespace
