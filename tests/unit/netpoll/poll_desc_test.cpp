// netpoll/poll_desc.hpp by itself: waits and their ends, references, generations. Waiters are plain
// threads whose parking is scripted, so the test decides who moves when.
#include "netpoll/poll_desc.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "runtime/task/waiter.hpp"

namespace {

using namespace weft;
using np::access;
using np::io_outcome;
using np::side;

// Whoever is woken; stands for a task.
struct fake_waiter : rt::waiter {
  fake_waiter() noexcept : rt::waiter(rt::waiter_kind::task) {}
  std::mutex lock;
  std::condition_variable changed;
  int parked = 0;
  int readied = 0;

  void make_ready() {
    std::lock_guard guard(lock);
    ++readied;
    changed.notify_all();
  }
  void wait_until_parked(int times = 1) {
    std::unique_lock guard(lock);
    changed.wait(guard, [&] { return parked >= times; });
  }
};

struct fake_env {
  fake_waiter* self = nullptr;
  std::int64_t now = 100;
  std::uint32_t run = 1;
  int add_error = 0;
  int adds = 0;
  int removed = -1;
  np::poll_tag tag = 0;
  std::int64_t parked_until = 0;
  std::vector<rt::waiter*> woken;
  std::vector<rt::wait_node*> outside;

  std::int64_t now_ns() const { return now; }
  std::uint32_t epoch() const { return run; }
  int add(int, np::poll_tag t) {
    ++adds;
    tag = t;
    return add_error;
  }
  void remove(int fd) { removed = fd; }
  rt::wait_result park(rt::spin_lock& lock, rt::wait_queue& queue, rt::wait_node& node,
                       std::int64_t deadline_ns) {
    parked_until = deadline_ns;
    node.who = self;
    queue.push_back(node);
    std::unique_lock guard(self->lock);
    const int before = self->readied;
    ++self->parked;
    self->changed.notify_all();
    lock.unlock();
    self->changed.wait(guard, [&] { return self->readied != before; });
    return node.result;
  }
  void wake(rt::waiter& who) { woken.push_back(&who); }
  void wake_outside(rt::wait_node& node) { outside.push_back(&node); }
  void wake_all_now() {
    for (rt::waiter* who : woken) static_cast<fake_waiter*>(who)->make_ready();
    woken.clear();
  }
  void relax() { std::this_thread::yield(); }
};

// The waiting half: one operation in a thread of its own.
struct waiting {
  np::poll_desc& desc;
  np::turn turn;
  fake_waiter self;
  fake_env env;
  std::optional<io_outcome> outcome;
  std::thread thread;

  waiting(np::poll_desc& d, side which, access kind = access::one_at_a_time) : desc(d) {
    turn.which = which;
    turn.kind = kind;
    env.self = &self;
    EXPECT_EQ(desc.begin(turn, env), io_outcome::go_on);
  }
  void start() {
    thread = std::thread([this] { outcome = desc.wait(turn, env); });
  }
  void start_and_park() {
    start();
    self.wait_until_parked();
  }
  io_outcome join() {
    thread.join();
    return *outcome;
  }
};

class poll_desc : public ::testing::Test {
 protected:
  static constexpr int fd = 7;

  poll_desc() {
    desc.set_index(3);
    desc.open(fd);
  }

  void event(np::poll_tag tag, bool readable, bool writable) {
    std::vector<rt::waiter*> woken;
    desc.on_event(np::tag_generation(tag), readable, writable,
                  [&](rt::waiter& who) { woken.push_back(&who); });
    for (rt::waiter* who : woken) static_cast<fake_waiter*>(who)->make_ready();
  }

  np::turn begun(side which, access kind = access::one_at_a_time) {
    np::turn t;
    t.which = which;
    t.kind = kind;
    EXPECT_EQ(desc.begin(t, env), io_outcome::go_on);
    EXPECT_EQ(t.fd, fd);
    return t;
  }

  np::poll_desc desc;
  fake_env env;
};

TEST_F(poll_desc, an_event_ends_the_wait_of_its_side) {
  waiting reader(desc, side::read);
  reader.start_and_park();
  waiting writer(desc, side::write);
  writer.start_and_park();
  event(reader.env.tag, true, false);
  EXPECT_EQ(reader.join(), io_outcome::go_on);
  EXPECT_TRUE(reader.turn.holds_fd);
  event(reader.env.tag, false, true);
  EXPECT_EQ(writer.join(), io_outcome::go_on);
  EXPECT_FALSE(desc.end(reader.turn));
  EXPECT_FALSE(desc.end(writer.turn));
}

TEST_F(poll_desc, an_event_between_would_block_and_the_wait_is_not_lost) {
  waiting first(desc, side::read);
  first.start_and_park();  // registers
  event(first.env.tag, true, false);
  first.join();
  event(first.env.tag, true, false);  // before the next wait
  first.outcome.reset();
  EXPECT_EQ(desc.wait(first.turn, first.env), io_outcome::go_on);
  EXPECT_EQ(first.self.parked, 1);
  EXPECT_FALSE(desc.end(first.turn));
}

TEST_F(poll_desc, events_before_the_operation_began_do_not_count) {
  waiting first(desc, side::read);
  first.start_and_park();
  const np::poll_tag tag = first.env.tag;
  event(tag, true, false);
  first.join();
  EXPECT_FALSE(desc.end(first.turn));
  event(tag, true, true);
  waiting second(desc, side::read);
  second.start_and_park();
  event(tag, true, false);
  EXPECT_EQ(second.join(), io_outcome::go_on);
  EXPECT_FALSE(desc.end(second.turn));
}

TEST_F(poll_desc, a_second_reader_is_told) {
  np::turn reader = begun(side::read);
  np::turn second;
  EXPECT_EQ(desc.begin(second, env), io_outcome::busy);
  EXPECT_FALSE(second.active);
  np::turn writer = begun(side::write);
  EXPECT_FALSE(desc.end(reader));
  np::turn third = begun(side::read);  // the first has ended
  EXPECT_FALSE(desc.end(third));
  EXPECT_FALSE(desc.end(writer));
}

TEST_F(poll_desc, shared_operations_do_not_disturb_each_other) {
  waiting a(desc, side::read, access::shared), b(desc, side::read, access::shared);
  a.start_and_park();
  b.start_and_park();
  event(a.env.tag, true, false);
  EXPECT_EQ(a.join(), io_outcome::go_on);
  EXPECT_EQ(b.join(), io_outcome::go_on);
  EXPECT_FALSE(desc.end(a.turn));
  EXPECT_FALSE(desc.end(b.turn));
}

TEST_F(poll_desc, registers_once_a_run) {
  waiting first(desc, side::read);
  first.start_and_park();
  event(first.env.tag, true, false);
  first.join();
  EXPECT_EQ(first.env.adds, 1);
  first.start();
  first.self.wait_until_parked(2);
  event(first.env.tag, true, false);
  first.join();
  EXPECT_EQ(first.env.adds, 1);
  first.env.run = 2;
  first.start();
  first.self.wait_until_parked(3);
  event(first.env.tag, true, false);
  first.join();
  EXPECT_EQ(first.env.adds, 2);
  EXPECT_FALSE(desc.end(first.turn));
}

TEST_F(poll_desc, a_refused_registration_is_the_operations_error_and_is_tried_again) {
  waiting w(desc, side::read);
  w.env.add_error = 28;
  w.start();
  EXPECT_EQ(w.join(), io_outcome::failed);
  EXPECT_EQ(w.turn.error, 28);
  w.env.add_error = 0;
  w.start_and_park();
  event(w.env.tag, true, false);
  EXPECT_EQ(w.join(), io_outcome::go_on);
  EXPECT_FALSE(desc.end(w.turn));
}

TEST_F(poll_desc, close_ends_every_wait_and_returns_the_number_once) {
  waiting reader(desc, side::read), writer(desc, side::write);
  reader.start_and_park();
  writer.start_and_park();
  EXPECT_EQ(desc.close(env), fd);
  EXPECT_EQ(env.removed, fd);
  EXPECT_EQ(desc.close(env), -1);
  EXPECT_EQ(reader.join(), io_outcome::closed);
  EXPECT_EQ(writer.join(), io_outcome::closed);
  EXPECT_FALSE(reader.turn.holds_fd);
  np::turn late;
  EXPECT_EQ(desc.begin(late, env), io_outcome::not_open);
  EXPECT_EQ(desc.fd(), -1);
  EXPECT_FALSE(desc.end(reader.turn));
  EXPECT_FALSE(desc.release());
  EXPECT_TRUE(desc.end(writer.turn));  // the last reference
}

TEST_F(poll_desc, close_waits_for_whoever_holds_the_number) {
  np::turn inside = begun(side::write);
  std::atomic<bool> closed{false};
  std::thread closer([&] {
    EXPECT_EQ(desc.close(env), fd);
    closed = true;
  });
  while (desc.fd() >= 0) std::this_thread::yield();
  EXPECT_FALSE(closed);
  EXPECT_EQ(desc.again(inside, env), io_outcome::closed);
  EXPECT_FALSE(desc.end(inside));
  closer.join();
  EXPECT_TRUE(closed);
  EXPECT_EQ(env.removed, -1);  // it never was registered
}

TEST_F(poll_desc, a_wait_that_begins_after_close_does_not_park) {
  np::turn inside = begun(side::read);
  std::thread closer([&] { desc.close(env); });
  while (desc.fd() >= 0) std::this_thread::yield();
  fake_env other;
  EXPECT_EQ(desc.wait(inside, other), io_outcome::closed);
  EXPECT_EQ(other.adds, 0);
  EXPECT_FALSE(desc.end(inside));
  closer.join();
}

TEST_F(poll_desc, an_event_of_an_earlier_use_does_nothing) {
  waiting first(desc, side::read);
  first.start_and_park();
  const np::poll_tag old_tag = first.env.tag;
  desc.close(env);
  first.join();
  EXPECT_FALSE(desc.end(first.turn));
  EXPECT_TRUE(desc.release());

  desc.open(fd);
  waiting second(desc, side::read);
  second.start_and_park();
  EXPECT_NE(second.env.tag, old_tag);
  EXPECT_EQ(np::tag_index(second.env.tag), np::tag_index(old_tag));
  event(old_tag, true, true);
  EXPECT_EQ(second.self.readied, 0);
  event(second.env.tag, true, false);
  EXPECT_EQ(second.join(), io_outcome::go_on);
  EXPECT_FALSE(desc.end(second.turn));
}

TEST_F(poll_desc, a_past_deadline_ends_operations_before_they_begin) {
  desc.set_deadline(true, false, 100, env);
  np::turn reader;
  EXPECT_EQ(desc.begin(reader, env), io_outcome::timed_out);
  np::turn writer = begun(side::write);
  np::turn other = begun(side::read, access::brief);  // never waits
  EXPECT_FALSE(desc.end(other));
  desc.set_deadline(true, false, 101, env);
  reader = begun(side::read);
  env.now = 101;
  EXPECT_EQ(desc.again(reader, env), io_outcome::timed_out);
  EXPECT_FALSE(desc.end(reader));
  EXPECT_FALSE(desc.end(writer));
}

TEST_F(poll_desc, an_event_wins_over_a_deadline_that_has_passed_meanwhile) {
  desc.set_deadline(true, true, 200, env);
  waiting w(desc, side::read);
  w.start_and_park();
  EXPECT_EQ(w.env.parked_until, 200);
  w.env.now = 300;
  event(w.env.tag, true, false);
  EXPECT_EQ(w.join(), io_outcome::go_on);
  w.start();
  EXPECT_EQ(w.join(), io_outcome::timed_out);
  EXPECT_FALSE(desc.end(w.turn));
}

TEST_F(poll_desc, whoever_waits_looks_at_a_new_deadline) {
  waiting w(desc, side::read);
  w.start_and_park();
  EXPECT_EQ(w.env.parked_until, rt::never_ns);
  desc.set_deadline(true, true, 500, env);
  env.wake_all_now();
  w.self.wait_until_parked(2);
  EXPECT_EQ(w.env.parked_until, 500);
  desc.set_deadline(true, true, 50, env);
  env.wake_all_now();
  EXPECT_EQ(w.join(), io_outcome::timed_out);
  EXPECT_FALSE(desc.end(w.turn));
}

TEST_F(poll_desc, the_end_of_a_deadline_that_was_moved_meanwhile_is_no_end) {
  desc.set_deadline(true, true, 200, env);
  waiting w(desc, side::read);
  w.start_and_park();
  w.env.now = 150;  // its timer fired early, or for a deadline that is gone
  {
    std::vector<rt::waiter*> woken;
    desc.set_deadline(true, true, 900, env);
    env.wake_all_now();
  }
  w.self.wait_until_parked(2);
  EXPECT_EQ(w.env.parked_until, 900);
  event(w.env.tag, true, false);
  EXPECT_EQ(w.join(), io_outcome::go_on);
  EXPECT_FALSE(desc.end(w.turn));
}

TEST_F(poll_desc, a_select_is_woken_by_events_not_by_deadlines) {
  rt::winner_word word;
  fake_waiter self;
  rt::wait_node node;
  node.who = &self;
  node.winner = &word;
  node.index = 4;
  struct parks_beside : fake_env {
    rt::wait_node* beside = nullptr;
    rt::wait_result park(rt::spin_lock& lock, rt::wait_queue& queue, rt::wait_node& own,
                         std::int64_t until) {
      if (!beside->is_linked()) queue.push_back(*beside);
      return fake_env::park(lock, queue, own, until);
    }
  } beside;
  fake_waiter plain;
  beside.self = &plain;
  beside.beside = &node;
  np::turn t = begun(side::read);
  std::thread thread([&] { EXPECT_EQ(desc.wait(t, beside), io_outcome::go_on); });
  plain.wait_until_parked();
  desc.set_deadline(true, true, 500, env);
  EXPECT_FALSE(word.is_won());
  env.wake_all_now();
  plain.wait_until_parked(2);
  event(beside.tag, true, false);
  thread.join();
  EXPECT_TRUE(word.is_won());
  EXPECT_EQ(word.winner(), 4u);
  EXPECT_EQ(node.result, rt::wait_result::ok);
  EXPECT_EQ(self.readied, 0);  // it had not parked
  EXPECT_FALSE(desc.end(t));
}

TEST_F(poll_desc, close_and_deadlines_reach_threads_that_wait_by_themselves) {
  np::turn t = begun(side::read);
  rt::wait_node node;
  std::int64_t until = 0;
  desc.set_deadline(true, true, 900, env);
  EXPECT_EQ(desc.join_outside(t, node, until, env), io_outcome::go_on);
  EXPECT_EQ(until, 900);
  desc.set_deadline(true, true, 700, env);
  EXPECT_EQ(env.outside.size(), 1u);
  EXPECT_TRUE(desc.leave_outside(node));
  EXPECT_EQ(desc.join_outside(t, node, until, env), io_outcome::go_on);
  EXPECT_EQ(until, 700);
  EXPECT_FALSE(desc.leave_outside(node));
  EXPECT_EQ(desc.join_outside(t, node, until, env), io_outcome::go_on);
  std::thread closer([&] { desc.close(env); });
  while (desc.fd() >= 0) std::this_thread::yield();
  EXPECT_TRUE(desc.leave_outside(node));
  EXPECT_EQ(desc.join_outside(t, node, until, env), io_outcome::closed);
  EXPECT_FALSE(desc.end(t));
  closer.join();
}

TEST(poll_tag, keeps_index_and_generation_apart) {
  const np::poll_tag tag = np::make_tag(0xabcdef01u, 0xffffffffu);
  EXPECT_EQ(np::tag_index(tag), 0xabcdef01u);
  EXPECT_EQ(np::tag_generation(tag), 0xffffffffu);
}

}  // namespace
