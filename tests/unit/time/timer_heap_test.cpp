#include "runtime/time/timer_heap.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <random>
#include <thread>
#include <vector>

namespace {

using weft::rt::never_ns;
using weft::rt::timer_heap;
using weft::rt::timer_node;

struct recorded : timer_node {
  recorded(int name, std::vector<int>& log) : id(name), fired(&log) {
    fire = [](timer_node& node) noexcept {
      auto& self = static_cast<recorded&>(node);
      EXPECT_EQ(self.position, 0u) << "unlinked before it fires";
      self.fired->push_back(self.id);
    };
  }
  int id;
  std::vector<int>* fired;
};

TEST(timer_heap, fires_in_order_of_deadline_and_of_arming_among_equals) {
  timer_heap heap;
  std::vector<int> log;
  std::deque<recorded> timers;
  std::vector<std::pair<std::int64_t, int>> expected;
  std::mt19937 random(7);
  for (int i = 0; i < 1000; ++i) {
    const std::int64_t when = random() % 50;
    timers.emplace_back(i, log);
    heap.arm(timers.back(), when);
    expected.emplace_back(when, i);
  }
  std::stable_sort(expected.begin(), expected.end(),
                   [](auto& a, auto& b) { return a.first < b.first; });
  EXPECT_EQ(heap.size(), 1000u);
  EXPECT_EQ(heap.fire_due(49), 1000);
  ASSERT_EQ(log.size(), 1000u);
  for (std::size_t i = 0; i < log.size(); ++i) EXPECT_EQ(log[i], expected[i].second);
  EXPECT_EQ(heap.next_ns(), never_ns);
}

TEST(timer_heap, fires_only_what_is_due) {
  timer_heap heap;
  std::vector<int> log;
  recorded a(1, log), b(2, log);
  EXPECT_EQ(heap.fire_due(100), 0);
  EXPECT_TRUE(heap.arm(a, 20));
  EXPECT_TRUE(heap.arm(b, 10)) << "the earliest now";
  EXPECT_EQ(heap.next_ns(), 10);
  EXPECT_EQ(heap.fire_due(9), 0);
  EXPECT_EQ(heap.fire_due(10), 1);
  EXPECT_EQ(heap.next_ns(), 20);
  EXPECT_TRUE(timer_heap::disarm(a));
  EXPECT_FALSE(timer_heap::disarm(a));
  EXPECT_FALSE(timer_heap::disarm(b)) << "it has fired";
  EXPECT_EQ(log, std::vector<int>{2});
}

TEST(timer_heap, a_timer_never_armed_is_not_pending) {
  timer_node node;
  EXPECT_FALSE(timer_heap::disarm(node));
}

TEST(timer_heap, random_arming_and_disarming_agrees_with_a_sorted_list) {
  timer_heap heap;
  std::vector<int> log;
  std::deque<recorded> timers;
  for (int i = 0; i < 300; ++i) timers.emplace_back(i, log);
  std::vector<std::pair<std::int64_t, int>> armed;  // in order of arming
  std::mt19937 random(11);
  std::int64_t now = 0;
  for (int step = 0; step < 20000; ++step) {
    const int id = static_cast<int>(random() % timers.size());
    auto& timer = timers[static_cast<std::size_t>(id)];
    auto at = std::find_if(armed.begin(), armed.end(), [&](auto& x) { return x.second == id; });
    if (at == armed.end()) {
      const std::int64_t when = now + static_cast<std::int64_t>(random() % 100);
      heap.arm(timer, when);
      armed.emplace_back(when, id);
    } else {
      EXPECT_TRUE(timer_heap::disarm(timer));
      armed.erase(at);
    }
    if (random() % 20 == 0) {
      now += static_cast<std::int64_t>(random() % 30);
      auto sorted = armed;
      std::stable_sort(sorted.begin(), sorted.end(),
                       [](auto& a, auto& b) { return a.first < b.first; });
      std::vector<int> due;
      for (auto& [when, name] : sorted)
        if (when <= now) due.push_back(name);
      std::erase_if(armed, [&](auto& x) { return x.first <= now; });
      log.clear();
      EXPECT_EQ(heap.fire_due(now), static_cast<int>(due.size()));
      ASSERT_EQ(log, due) << "step " << step;
    }
    ASSERT_EQ(heap.size(), armed.size());
    std::int64_t next = never_ns;
    for (auto& x : armed) next = std::min(next, x.first);
    ASSERT_EQ(heap.next_ns(), next);
  }
  for (auto& timer : timers) timer_heap::disarm(timer);
}

struct counting : timer_node {
  std::atomic<int> fired{0};
  counting() {
    fire = [](timer_node& node) noexcept { ++static_cast<counting&>(node).fired; };
  }
};

// Owners arm and disarm while another thread fires: each arming ends exactly once, as a firing or
// as a successful disarm, and a node may be destroyed after disarm.
TEST(timer_heap, each_arming_fires_or_is_disarmed_exactly_once) {
  timer_heap heap;
  std::atomic<bool> stop{false};
  std::atomic<std::int64_t> now{0};
  std::thread firing([&] {
    while (!stop) heap.fire_due(++now);
  });
  std::vector<std::thread> owners;
  for (int t = 0; t < 3; ++t) {
    owners.emplace_back([&, t] {
      std::mt19937 random(static_cast<unsigned>(t));
      for (int i = 0; i < 1500; ++i) {
        counting timer;
        heap.arm(timer, now + static_cast<std::int64_t>(random() % 20));
        if (random() % 4 == 0) std::this_thread::yield();
        const bool was_pending = timer_heap::disarm(timer);
        EXPECT_EQ(timer.fired.load(), was_pending ? 0 : 1);
      }
    });
  }
  for (auto& owner : owners) owner.join();
  stop = true;
  firing.join();
  EXPECT_EQ(heap.size(), 0u);
}

}  // namespace
