// The sync primitives from plain OS threads, without a runtime: the same code, blocking as threads.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <random>
#include <shared_mutex>
#include <stdexcept>
#include <thread>
#include <type_traits>
#include <vector>

#include <weft/barrier.hpp>
#include <weft/condition_variable.hpp>
#include <weft/mutex.hpp>
#include <weft/once.hpp>
#include <weft/semaphore.hpp>
#include <weft/shared_mutex.hpp>
#include <weft/time.hpp>
#include <weft/wait_group.hpp>

#include "runtime/sync/describe.hpp"

namespace {

using namespace std::chrono_literals;

class threads {
 public:
  template <class F>
  void go(F f) {
    all_.emplace_back(f);
  }
  ~threads() {
    for (auto& t : all_) t.join();
  }

 private:
  std::vector<std::thread> all_;
};

template <class Condition>
void spin_until(Condition condition) {
  while (!condition()) std::this_thread::yield();
}

constinit weft::mutex constant_mutex;
constinit weft::shared_mutex constant_shared_mutex;
constinit weft::condition_variable constant_condition;
constinit weft::wait_group constant_group;
constinit weft::once constant_once;
constinit weft::semaphore constant_semaphore{3};
constinit weft::barrier constant_barrier{1};

TEST(sync_threads, all_can_be_constants) {
  std::lock_guard a(constant_mutex);
  std::shared_lock b(constant_shared_mutex);
  constant_condition.notify_all();
  constant_group.wait();
  constant_once.call([] {});
  constant_semaphore.acquire(3);
  EXPECT_FALSE(constant_semaphore.try_acquire());
  constant_barrier.arrive_and_wait();
}

// Made in memory that was used before, each is as fresh as in memory that is zero.
template <class Primitive, class... Args>
void in_used_memory(void (*use)(Primitive&), Args... args) {
  alignas(Primitive) unsigned char memory[sizeof(Primitive)];
  for (unsigned char& byte : memory) byte = 0xa5;
  auto* made = ::new (static_cast<void*>(memory)) Primitive(args...);
  use(*made);
  made->~Primitive();
}

TEST(sync_threads, all_are_fresh_in_used_memory) {
  in_used_memory<weft::mutex>([](weft::mutex& m) { std::lock_guard lock(m); });
  in_used_memory<weft::shared_mutex>([](weft::shared_mutex& m) { std::shared_lock lock(m); });
  in_used_memory<weft::condition_variable>([](weft::condition_variable& c) { c.notify_all(); });
  in_used_memory<weft::wait_group>([](weft::wait_group& g) { g.wait(); });
  in_used_memory<weft::once>([](weft::once& o) { o.call([] {}); });
  in_used_memory<weft::semaphore>([](weft::semaphore& s) { s.acquire(2); }, 2);
  in_used_memory<weft::barrier>([](weft::barrier& b) { b.arrive_and_wait(); }, 1);
}

// --- mutex ---

TEST(mutex_threads, excludes) {
  weft::mutex mutex;
  long plain = 0;
  {
    threads all;
    for (int t = 0; t < 4; ++t)
      all.go([&] {
        for (int i = 0; i < 3000; ++i) {
          std::lock_guard lock(mutex);
          ++plain;
        }
      });
  }
  EXPECT_EQ(plain, 12000);
}

TEST(mutex_threads, try_and_timed_forms) {
  weft::mutex mutex;
  EXPECT_TRUE(mutex.try_lock());
  {
    threads other;
    other.go([&] {
      EXPECT_FALSE(mutex.try_lock());
      EXPECT_FALSE(mutex.try_lock_for(-1s));
      EXPECT_FALSE(mutex.try_lock_for(0s));
      EXPECT_FALSE(mutex.try_lock_for(2ms));
      EXPECT_FALSE(mutex.try_lock_until(std::chrono::steady_clock::now() + 2ms));
      EXPECT_FALSE(mutex.try_lock_until(std::chrono::system_clock::now() - 1h));
    });
  }
  mutex.unlock();
  EXPECT_TRUE(mutex.try_lock_for(-1s)) << "a free lock needs no time";
  mutex.unlock();
  {
    mutex.lock();
    threads other;
    other.go([&] {
      EXPECT_TRUE(mutex.try_lock_for(std::chrono::hours::max()));
      mutex.unlock();
    });
    spin_until([&] { return weft::rt::describe_mutex(&mutex).waiters == 1; });
    mutex.unlock();
  }
  EXPECT_TRUE(mutex.try_lock());
  mutex.unlock();
}

TEST(mutex_threads, waiters_enter_in_their_order) {
  weft::mutex mutex;
  std::vector<int> order;
  mutex.lock();
  {
    threads all;
    for (unsigned i = 0; i < 5; ++i) {
      all.go([&, i] {
        std::lock_guard lock(mutex);
        order.push_back(static_cast<int>(i));
      });
      spin_until([&] { return weft::rt::describe_mutex(&mutex).waiters == i + 1; });
    }
    mutex.unlock();
  }
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4}));
}

// One thread takes the lock again and again; a waiter gets in all the same.
TEST(mutex_threads, a_waiter_is_not_starved) {
  weft::mutex mutex;
  std::atomic<bool> entered{false};
  threads all;
  all.go([&] {
    while (!entered) {
      std::lock_guard lock(mutex);
      std::this_thread::yield();
    }
  });
  all.go([&] {
    for (int i = 0; i < 50; ++i) std::lock_guard lock(mutex);
    entered = true;
  });
}

TEST(mutex_threads, who_leaves_by_timeout_lets_others_go_on) {
  weft::mutex mutex;
  std::atomic<int> entered{0};
  threads all;
  for (int t = 0; t < 4; ++t)
    all.go([&, t] {
      std::mt19937 random(static_cast<unsigned>(t));
      for (int i = 0; i < 400; ++i) {
        if (mutex.try_lock_for(std::chrono::microseconds(random() % 200))) {
          if (random() % 8 == 0) std::this_thread::sleep_for(100us);
          mutex.unlock();
        }
        std::lock_guard lock(mutex);
        ++entered;
      }
    });
}

TEST(mutex_threads, knows_its_owner) {
  weft::mutex mutex;
  auto info = weft::rt::describe_mutex(&mutex);
  EXPECT_EQ(info.owner_task, 0u);
  EXPECT_FALSE(info.owner_is_foreign);
  mutex.lock();
  info = weft::rt::describe_mutex(&mutex);
  EXPECT_EQ(info.owner_task, 0u);
  EXPECT_TRUE(info.owner_is_foreign);
  mutex.unlock();
}

TEST(mutex_threads, may_be_destroyed_by_the_next_owner) {
  for (int i = 0; i < 500; ++i) {
    auto mutex = std::make_unique<weft::mutex>();
    mutex->lock();
    threads other;
    other.go([&] {
      mutex->lock();
      mutex->unlock();
      mutex.reset();
    });
    mutex->unlock();
  }
}

TEST(mutex_death, unlock_by_who_does_not_own_it) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(weft::mutex().unlock(), testing::ExitedWithCode(2),
              "fatal error: unlock of a mutex that is not locked");
  EXPECT_EXIT(
      {
        weft::mutex mutex;
        std::thread([&] { mutex.lock(); }).join();
        mutex.unlock();
      },
      testing::ExitedWithCode(2),
      "fatal error: unlock of a mutex held by a foreign thread, by a foreign thread");
}

// --- condition_variable ---

TEST(condition_threads, bounded_buffer) {
  weft::mutex mutex;
  weft::condition_variable not_full, not_empty;
  std::vector<int> buffer;
  long sum = 0;
  {
    threads all;
    for (int t = 0; t < 2; ++t) {
      all.go([&] {
        for (int i = 0; i < 1000; ++i) {
          std::unique_lock lock(mutex);
          not_full.wait(lock, [&] { return buffer.size() < 2; });
          buffer.push_back(i);
          not_empty.notify_one();
        }
      });
      all.go([&] {
        for (int i = 0; i < 1000; ++i) {
          std::unique_lock lock(mutex);
          not_empty.wait(lock, [&] { return !buffer.empty(); });
          sum += buffer.back();
          buffer.pop_back();
          not_full.notify_one();
        }
      });
    }
  }
  EXPECT_EQ(sum, 2 * 999 * 1000 / 2);
}

TEST(condition_threads, timed_waits) {
  weft::mutex mutex;
  weft::condition_variable condition;
  std::unique_lock lock(mutex);
  EXPECT_TRUE(condition.wait_for(lock, 1ms) == std::cv_status::timeout);
  EXPECT_EQ(condition.wait_for(lock, -1ms), weft::cv_status::timeout);
  const std::cv_status as_std = condition.wait_until(lock, std::chrono::system_clock::now());
  EXPECT_EQ(as_std, std::cv_status::timeout);
  EXPECT_FALSE(condition.wait_for(lock, 1ms, [] { return false; }));
  EXPECT_TRUE(condition.wait_for(lock, 1ms, [] { return true; }));
  EXPECT_TRUE(lock.owns_lock());
}

// A lock that is nobody the library knows.
struct counting_lock {
  std::mutex inner;
  int locks = 0, unlocks = 0;
  void lock() {
    inner.lock();
    ++locks;
  }
  void unlock() {
    ++unlocks;
    inner.unlock();
  }
};

TEST(condition_threads, works_with_any_lock) {
  counting_lock any;
  weft::condition_variable condition;
  bool ready = false;
  {
    threads all;
    all.go([&] {
      any.lock();
      condition.wait(any, [&] { return ready; });
      any.unlock();
    });
    all.go([&] {
      any.lock();
      ready = true;
      any.unlock();
      condition.notify_all();
    });
  }
  EXPECT_EQ(any.locks, any.unlocks);
  weft::shared_mutex shared;
  std::shared_lock shared_lock(shared);
  EXPECT_EQ(condition.wait_for(shared_lock, 1ms), weft::cv_status::timeout);
  std::unique_lock<weft::shared_mutex> unique;
  EXPECT_TRUE((std::is_same_v<decltype(unique.mutex()), weft::shared_mutex*>));
}

// Timeouts and notifications race: each notify_one finds somebody as long as somebody waits.
TEST(condition_threads, no_notification_is_lost_to_a_timeout) {
  weft::mutex mutex;
  weft::condition_variable condition;
  int tokens = 0, taken = 0;
  constexpr int total = 2000;
  threads all;
  for (int t = 0; t < 3; ++t)
    all.go([&, t] {
      std::mt19937 random(static_cast<unsigned>(t));
      for (;;) {
        std::unique_lock lock(mutex);
        while (tokens == 0) {
          if (taken == total) return;
          (void)condition.wait_for(lock, std::chrono::microseconds(random() % 50));
        }
        --tokens;
        if (++taken == total) condition.notify_all();
      }
    });
  all.go([&] {
    for (int i = 0; i < total; ++i) {
      std::lock_guard lock(mutex);
      ++tokens;
      condition.notify_one();
    }
  });
}

// --- wait_group ---

TEST(wait_group_threads, waits_for_zero_and_may_be_destroyed_then) {
  for (int i = 0; i < 300; ++i) {
    auto group = std::make_unique<weft::wait_group>();
    int plain[3] = {};
    group->add(3);
    threads all;
    for (int& p : plain)
      all.go([&p, g = group.get()] {
        p = 1;
        g->done();
      });
    EXPECT_FALSE(group->wait_for(-1s) && plain[0] + plain[1] + plain[2] != 3);
    group->wait();
    EXPECT_EQ(plain[0] + plain[1] + plain[2], 3);
    group.reset();
  }
}

TEST(wait_group_threads, timed_wait) {
  weft::wait_group group;
  EXPECT_TRUE(group.wait_for(0s));
  group.add();
  EXPECT_FALSE(group.wait_for(1ms));
  EXPECT_FALSE(group.wait_until(std::chrono::steady_clock::now()));
  group.add(-1);
  EXPECT_TRUE(group.wait_for(1ms));
}

TEST(wait_group_death, negative) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(weft::wait_group().done(), testing::ExitedWithCode(2),
              "fatal error: negative wait_group counter");
}

TEST(wait_group_death, overflow) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        weft::wait_group group;
        group.add(PTRDIFF_MAX);
        group.add(1);
      },
      testing::ExitedWithCode(2), "fatal error: wait_group counter overflow");
}

// --- once ---

TEST(once_threads, runs_once_and_is_seen_by_all) {
  for (int round = 0; round < 200; ++round) {
    weft::once once;
    int plain = 0;
    threads all;
    for (int t = 0; t < 3; ++t)
      all.go([&] {
        once.call([&](int by) { plain += by; }, 2);
        EXPECT_EQ(plain, 2);
      });
  }
}

TEST(once_threads, a_throw_hands_it_to_a_waiter) {
  weft::once once;
  std::atomic<int> tries{0}, failures{0};
  {
    threads all;
    for (int t = 0; t < 6; ++t)
      all.go([&] {
        try {
          once.call([&] {
            if (++tries < 4) throw std::runtime_error("not yet");
          });
        } catch (const std::runtime_error&) {
          ++failures;
        }
      });
  }
  EXPECT_EQ(tries, 4);
  EXPECT_EQ(failures, 3);
  EXPECT_TRUE(once.is_done());
}

// --- semaphore ---

TEST(semaphore_threads, units_are_neither_lost_nor_made) {
  weft::semaphore semaphore(5);
  std::atomic<int> inside{0};
  {
    threads all;
    for (int t = 0; t < 4; ++t)
      all.go([&, t] {
        std::mt19937 random(static_cast<unsigned>(t));
        for (int i = 0; i < 2000; ++i) {
          const int k = 1 + static_cast<int>(random() % 5);
          switch (random() % 3) {
            case 0:
              semaphore.acquire(k);
              break;
            case 1:
              if (!semaphore.try_acquire(k)) continue;
              break;
            default:
              if (!semaphore.try_acquire_for(std::chrono::microseconds(random() % 100), k))
                continue;
          }
          EXPECT_LE(inside += k, 5);
          inside -= k;
          semaphore.release(k);
        }
      });
  }
  EXPECT_TRUE(semaphore.try_acquire(5));
  EXPECT_FALSE(semaphore.try_acquire(1));
  EXPECT_TRUE(semaphore.try_acquire(0));
}

TEST(semaphore_threads, a_large_request_that_gives_up_lets_small_ones_go_on) {
  weft::semaphore semaphore(1);
  std::atomic<bool> small_done{false};
  threads all;
  all.go([&] { EXPECT_FALSE(semaphore.try_acquire_for(20ms, 3)); });
  all.go([&] {
    // As long as the large request waits, nothing can be taken.
    spin_until([&] {
      if (!semaphore.try_acquire()) return true;
      semaphore.release();
      return false;
    });
    semaphore.acquire();
    small_done = true;
  });
}

TEST(semaphore_death, misuse) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(weft::semaphore(-1), testing::ExitedWithCode(2), "negative number of semaphore");
  EXPECT_EXIT(weft::semaphore(1).release(-1), testing::ExitedWithCode(2), "negative number");
  EXPECT_EXIT(weft::semaphore(1).release(PTRDIFF_MAX), testing::ExitedWithCode(2), "too many");
}

// --- shared_mutex ---

TEST(shared_mutex_threads, readers_share_writers_exclude) {
  weft::shared_mutex mutex;
  std::atomic<int> readers{0}, writers{0};
  long plain = 0, written = 0;
  std::mutex written_lock;
  {
    threads all;
    for (int t = 0; t < 4; ++t)
      all.go([&, t] {
        std::mt19937 random(static_cast<unsigned>(t));
        long mine = 0;
        for (int i = 0; i < 2000; ++i) {
          const auto patience = std::chrono::microseconds(random() % 60);
          if (random() % 3 == 0) {
            const bool timed = random() % 2 == 0;
            if (timed ? !mutex.try_lock_for(patience) : (mutex.lock(), false)) continue;
            EXPECT_EQ(++writers, 1);
            EXPECT_EQ(readers, 0);
            ++plain;
            ++mine;
            --writers;
            mutex.unlock();
          } else {
            const bool timed = random() % 2 == 0;
            if (timed ? !mutex.try_lock_shared_for(patience) : (mutex.lock_shared(), false))
              continue;
            ++readers;
            EXPECT_EQ(writers, 0);
            --readers;
            mutex.unlock_shared();
          }
        }
        std::lock_guard lock(written_lock);
        written += mine;
      });
  }
  EXPECT_EQ(plain, written);
  EXPECT_TRUE(mutex.try_lock());
  mutex.unlock();
}

TEST(shared_mutex_threads, in_order_and_readers_together) {
  weft::shared_mutex mutex;
  std::vector<char> order;
  std::mutex order_lock;
  const auto note = [&](char c) {
    std::lock_guard lock(order_lock);
    order.push_back(c);
  };
  const auto waiters = [&] { return weft::rt::describe_shared_mutex(&mutex).waiters; };
  mutex.lock();
  {
    threads all;
    unsigned n = 0;
    for (char c : {'r', 'r', 'w', 'r', 'w'}) {
      all.go([&, c] {
        if (c == 'r') {
          std::shared_lock lock(mutex);
          note('r');
        } else {
          std::lock_guard lock(mutex);
          note('w');
        }
      });
      spin_until([&] { return waiters() == n + 1; });
      ++n;
    }
    mutex.unlock();
  }
  EXPECT_EQ(std::string(order.begin(), order.end()), "rrwrw");
}

TEST(shared_mutex_threads, a_writer_that_gives_up_lets_readers_join) {
  weft::shared_mutex mutex;
  mutex.lock_shared();
  std::atomic<bool> joined{false};
  {
    threads all;
    all.go([&] { EXPECT_FALSE(mutex.try_lock_for(20ms)); });
    all.go([&] {
      spin_until([&] {
        if (!mutex.try_lock_shared()) return true;
        mutex.unlock_shared();
        return false;
      });
      mutex.lock_shared();
      joined = true;
      mutex.unlock_shared();
    });
  }
  EXPECT_TRUE(joined);
  EXPECT_EQ(weft::rt::describe_shared_mutex(&mutex).shared_owners, 1u);
  mutex.unlock_shared();
}

TEST(shared_mutex_death, misuse) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(weft::shared_mutex().unlock(), testing::ExitedWithCode(2), "that is not locked");
  EXPECT_EXIT(weft::shared_mutex().unlock_shared(), testing::ExitedWithCode(2), "no reader holds");
  EXPECT_EXIT(
      {
        weft::shared_mutex mutex;
        mutex.lock_shared();
        mutex.unlock();
      },
      testing::ExitedWithCode(2), "that readers hold");
}

// --- barrier ---

TEST(barrier_threads, all_meet_each_round) {
  constexpr int parties = 4;
  weft::barrier barrier(parties);
  std::atomic<int> arrived{0};
  threads all;
  for (int t = 0; t < parties; ++t)
    all.go([&] {
      for (int round = 1; round <= 300; ++round) {
        ++arrived;
        barrier.arrive_and_wait();
        EXPECT_GE(arrived, round * parties);
        barrier.arrive_and_wait();
        EXPECT_EQ(arrived, round * parties);
        barrier.arrive_and_wait();
      }
    });
}

TEST(barrier_death, needs_a_party) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(weft::barrier(0), testing::ExitedWithCode(2), "less than one party");
}

// --- sleep ---

TEST(sleep_threads, never_too_short) {
  for (const auto d : {-1'000'000'000ns, 0ns, 1ns, 1'500'000ns}) {
    const auto before = std::chrono::steady_clock::now();
    weft::sleep_for(d);
    EXPECT_GE(std::chrono::steady_clock::now() - before, d);
  }
  const auto when = std::chrono::system_clock::now() + 1ms;
  weft::sleep_until(when);
  EXPECT_GE(std::chrono::system_clock::now(), when);
}

}  // namespace
