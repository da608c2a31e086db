// scheduler/global_queue.hpp: first in, first out, over any number of batches, with and without memory
// for them; nothing is lost.
#include "scheduler/global_queue.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <thread>
#include <vector>

namespace {

using weft::rt::task;
using weft::sched::global_queue;

// Tasks that nobody runs; their address is their name.
struct tasks {
  explicit tasks(std::size_t n) : all(std::make_unique<task[]>(n)) {
    for (std::size_t i = 0; i < n; ++i) in_order.push_back(&all[i]);
  }
  std::unique_ptr<task[]> all;
  std::vector<task*> in_order;
};

void push(global_queue& queue, const std::vector<task*>& what, std::size_t at_once) {
  for (std::size_t i = 0; i < what.size(); i += at_once)
    queue.push_all(&what[i], static_cast<std::uint32_t>(std::min(at_once, what.size() - i)));
}

std::vector<task*> pop_all(global_queue& queue, std::uint32_t at_once) {
  std::vector<task*> found;
  std::vector<task*> some(at_once);
  while (const std::uint32_t n = queue.pop(some.data(), at_once))
    found.insert(found.end(), some.begin(), some.begin() + n);
  return found;
}

int batches_left = 0;
void* few_batches(std::size_t bytes) noexcept {
  return batches_left-- > 0 ? ::operator new(bytes, std::nothrow) : nullptr;
}

TEST(GlobalQueue, IsFirstInFirstOutWhateverIsPushedAndTakenAtOnce) {
  tasks some(1000);
  for (const std::size_t in : {1, 7, 126, 127, 129, 1000})
    for (const std::uint32_t out : {1u, 5u, 126u, 128u, 1000u}) {
      global_queue queue;
      push(queue, some.in_order, in);
      EXPECT_EQ(queue.size(), 1000u);
      EXPECT_EQ(pop_all(queue, out), some.in_order) << in << " in, " << out << " out";
      EXPECT_TRUE(queue.empty());
    }
}

TEST(GlobalQueue, TakesNoMoreThanAsked) {
  tasks some(3);
  global_queue queue;
  push(queue, some.in_order, 3);
  task* out[3] = {};
  EXPECT_EQ(queue.pop(out, 0), 0u);
  EXPECT_EQ(queue.pop(out, 2), 2u);
  EXPECT_EQ(queue.size(), 1u);
  EXPECT_EQ(queue.pop(out + 2, 3), 1u);
  EXPECT_EQ(std::vector<task*>(out, out + 3), some.in_order);
}

// Emptied batches are used again, and those beyond a bound given back (the leak checker looks).
TEST(GlobalQueue, ServesBurstAfterBurst) {
  tasks some(20000);
  global_queue queue;
  for (int i = 0; i < 3; ++i) {
    push(queue, some.in_order, 129);
    EXPECT_EQ(pop_all(queue, 128), some.in_order);
  }
}

TEST(GlobalQueue, KeepsTheOrderWhereThereIsNoMemoryForABatch) {
  tasks some(1000);
  for (const int allowed : {0, 1, 3}) {
    batches_left = allowed;
    global_queue queue(&few_batches);
    push(queue, some.in_order, 129);
    EXPECT_EQ(queue.size(), 1000u);
    EXPECT_EQ(pop_all(queue, 50), some.in_order) << allowed << " batches";
    EXPECT_TRUE(queue.empty());
  }
}

TEST(GlobalQueue, TasksPushedAfterMemoryCameBackAreBehindThoseWithout) {
  tasks some(600);
  batches_left = 0;
  global_queue queue(&few_batches);
  const std::vector<task*> early(some.in_order.begin(), some.in_order.begin() + 300);
  const std::vector<task*> late(some.in_order.begin() + 300, some.in_order.end());
  push(queue, early, 100);
  batches_left = 10;
  push(queue, late, 100);
  EXPECT_EQ(pop_all(queue, 64), some.in_order);
  push(queue, late, 100);  // in batches again
  EXPECT_EQ(pop_all(queue, 64), late);
}

TEST(GlobalQueue, EachTaskIsTakenOnceByManyThreads) {
  tasks some(4000);
  global_queue queue;
  std::vector<task*> taken[2];
  std::vector<std::thread> threads;
  for (int half = 0; half < 2; ++half) {
    threads.emplace_back([&, half] {
      const auto begin = some.in_order.begin() + 2000 * half;
      push(queue, {begin, begin + 2000}, 37);
    });
    threads.emplace_back([&, half] {
      for (int i = 0; i < 200; ++i) {
        task* out[16];
        const std::uint32_t n = queue.pop(out, 16);
        taken[half].insert(taken[half].end(), out, out + n);
      }
    });
  }
  for (std::thread& t : threads) t.join();
  std::vector<task*> all = pop_all(queue, 128);
  for (const auto& some_taken : taken) all.insert(all.end(), some_taken.begin(), some_taken.end());
  std::sort(all.begin(), all.end());
  EXPECT_EQ(all, some.in_order);
}

}  // namespace
