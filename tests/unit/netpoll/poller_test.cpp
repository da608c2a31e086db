// netpoll/poller.hpp over the scripted backend: what poll() hands back, and what a run's start and
// end do. No scheduler runs; tasks are records that nobody resumes.
#include "netpoll/poller.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <memory>
#include <thread>
#include <vector>

#include "netpoll/backend.hpp"
#include "netpoll/backend_fake.hpp"
#include "netpoll/operation.hpp"
#include "netpoll/poll_pool.hpp"

namespace {

using namespace weft;

// Links its node as a parked task would and returns at once.
struct parks_for_good {
  rt::task* who = nullptr;
  rt::wait_node* node = nullptr;  // instead of the one on the waiter's stack
  std::int64_t now_ns() const { return 0; }
  std::uint32_t epoch() const { return np::current_epoch(); }
  int add(int fd, np::poll_tag tag) { return np::add_to_poller(fd, tag); }
  rt::wait_result park(rt::spin_lock& lock, rt::wait_queue& queue, rt::wait_node& own,
                       std::int64_t) {
    node->who = who;
    node->amount = own.amount;
    queue.push_back(*node);
    lock.unlock();
    return rt::wait_result::cancelled;
  }
};

class poller : public ::testing::Test {
 protected:
  struct parked {
    np::poll_desc* desc;
    int fd;
    rt::task task;
    rt::wait_node node;
    np::turn turn;
  };

  void SetUp() override {
    np::use_backend(&fake);
    ASSERT_EQ(np::poller_start(), 0);
  }
  void TearDown() override {
    for (auto& p : all) close(*p);
    if (np::current_epoch() != 0) np::poller_stop();
    np::use_backend(nullptr);
  }

  parked& park_reader() {
    auto p = std::make_unique<parked>();
    p->fd = next_fd++;
    p->desc = np::open_desc(p->fd);
    parks_for_good env{&p->task, &p->node};
    EXPECT_EQ(p->desc->begin(p->turn, env), np::io_outcome::go_on);
    EXPECT_EQ(p->desc->wait(p->turn, env), np::io_outcome::cancelled);
    EXPECT_TRUE(p->node.is_linked());
    all.push_back(std::move(p));
    return *all.back();
  }

  void close(parked& p) {
    if (p.desc == nullptr) return;
    if (p.node.is_linked()) {
      event(p, true, false);
      np::ready_list ignored;
      np::poll(0, ignored);
    }
    int number = -1;
    np::close_desc(*p.desc, &number);
    EXPECT_EQ(number, p.fd);
    EXPECT_FALSE(p.desc->end(p.turn));
    np::release_desc(*p.desc);
    p.desc = nullptr;
  }

  void event(parked& p, bool readable, bool writable) { fake.make_ready(p.fd, readable, writable); }

  np::backend_fake fake;
  std::vector<std::unique_ptr<parked>> all;
  int next_fd = 1'000'000;
};

TEST_F(poller, ready_tasks_come_in_the_order_of_their_events_and_once) {
  parked &a = park_reader(), &b = park_reader(), &c = park_reader();
  event(c, true, false);
  event(a, true, true);
  event(b, false, true);  // nobody waits to write
  event(c, true, false);
  np::ready_list out;
  EXPECT_EQ(np::poll(0, out), 2);
  EXPECT_EQ(out.count, 2u);
  EXPECT_EQ(out.head, &c.task);
  EXPECT_EQ(out.head->next, &a.task);
  EXPECT_EQ(out.tail, &a.task);
  EXPECT_EQ(a.task.next, nullptr);
  EXPECT_EQ(a.node.result, rt::wait_result::ok);
  EXPECT_TRUE(b.node.is_linked());
  EXPECT_EQ(np::poll(0, out), 0);
}

TEST_F(poller, appends_to_what_the_list_holds_already) {
  rt::task first;
  np::ready_list out;
  out.push_back(first);
  parked& a = park_reader();
  event(a, true, false);
  EXPECT_EQ(np::poll(0, out), 1);
  EXPECT_EQ(out.head, &first);
  EXPECT_EQ(out.head->next, &a.task);
}

TEST_F(poller, a_late_event_of_a_closed_descriptor_does_nothing_to_the_next_user) {
  parked& a = park_reader();
  np::poll_desc* slot = a.desc;
  const np::poll_tag old_tag = fake.tag_of(a.fd);
  close(a);
  parked& b = park_reader();
  ASSERT_EQ(b.desc, slot);
  fake.deliver({old_tag, true, true});
  np::ready_list out;
  EXPECT_EQ(np::poll(0, out), 0);
  EXPECT_TRUE(b.node.is_linked());
  fake.deliver({np::make_tag(np::desc_limit() + 7, 1), true, true});  // no such slot
  EXPECT_EQ(np::poll(0, out), 0);
}

TEST_F(poller, descriptors_are_registered_while_waited_for_until_closed) {
  EXPECT_FALSE(np::has_descriptors());
  parked& a = park_reader();
  EXPECT_TRUE(np::has_descriptors());
  EXPECT_TRUE(fake.is_registered(a.fd));
  close(a);
  EXPECT_FALSE(fake.is_registered(a.fd));
  EXPECT_FALSE(np::has_descriptors());
}

TEST_F(poller, one_that_is_only_open_is_not_registered) {
  np::poll_desc* desc = np::open_desc(next_fd);
  EXPECT_FALSE(np::has_descriptors());
  int number = -1;
  np::close_desc(*desc, &number);
  np::release_desc(*desc);
  EXPECT_EQ(fake.add_count(), 0);
}

TEST_F(poller, an_interrupt_ends_the_poll_that_waits) {
  std::atomic<bool> seen{false};
  std::thread waits([&] {
    np::ready_list out;
    EXPECT_EQ(np::poll(rt::never_ns, out), 0);
    EXPECT_TRUE(seen.load(std::memory_order_relaxed));
  });
  while (!fake.is_waiting()) std::this_thread::yield();
  seen.store(true, std::memory_order_relaxed);
  np::interrupt();
  waits.join();
}

TEST_F(poller, a_descriptor_lives_on_in_the_next_run) {
  parked& a = park_reader();
  event(a, true, false);
  np::ready_list out;
  EXPECT_EQ(np::poll(0, out), 1);
  np::poller_stop();
  EXPECT_FALSE(fake.is_registered(a.fd));
  ASSERT_EQ(np::poller_start(), 0);
  EXPECT_FALSE(np::has_descriptors());
  parks_for_good env{&a.task, &a.node};
  EXPECT_EQ(a.desc->wait(a.turn, env), np::io_outcome::go_on);  // the event of the first run
  EXPECT_EQ(a.desc->wait(a.turn, env), np::io_outcome::cancelled);
  EXPECT_TRUE(fake.is_registered(a.fd));
  event(a, true, false);
  EXPECT_EQ(np::poll(0, out), 1);
}

TEST_F(poller, a_failed_start_says_why_and_the_next_one_works) {
  np::poller_stop();
  fake.fail_next_open(EMFILE);
  EXPECT_EQ(np::poller_start(), EMFILE);
  EXPECT_EQ(np::current_epoch(), 0u);
  EXPECT_EQ(np::poller_start(), 0);
}

TEST_F(poller, a_refused_descriptor_is_not_counted) {
  np::poll_desc* desc = np::open_desc(next_fd);
  rt::task task;
  rt::wait_node node;
  np::turn turn;
  parks_for_good env{&task, &node};
  ASSERT_EQ(desc->begin(turn, env), np::io_outcome::go_on);
  fake.fail_next_add(ENOSPC);
  EXPECT_EQ(desc->wait(turn, env), np::io_outcome::failed);
  EXPECT_EQ(turn.error, ENOSPC);
  EXPECT_FALSE(np::has_descriptors());
  EXPECT_FALSE(desc->end(turn));
  int number = -1;
  np::close_desc(*desc, &number);
  np::release_desc(*desc);
}

}  // namespace
