// One test of what netpoll/backend.hpp promises, run over every backend of this system and the
// scripted one.
#include "netpoll/backend.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <map>
#include <thread>
#include <vector>

#include "netpoll/backend_epoll.hpp"
#include "netpoll/backend_fake.hpp"
#include "netpoll/backend_kqueue.hpp"
#include "runtime/base/choose.hpp"

namespace {

using namespace weft;

// How the test makes descriptors ready. Real ones: a stream socket pair each.
template <class Backend>
struct world {
  Backend backend;
  std::map<int, int> peers;

  int make() {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) std::abort();
    for (const int fd : ends) ::fcntl(fd, F_SETFL, O_NONBLOCK);
    peers[ends[0]] = ends[1];
    return ends[0];
  }
  void make_readable(int fd) { ASSERT_EQ(::write(peers[fd], "x", 1), 1); }
  void take(int fd) {
    char bytes[16];
    while (::read(fd, bytes, sizeof bytes) > 0) {
    }
  }
  void hang_up(int fd) {
    ::close(peers[fd]);
    peers[fd] = -1;
  }
  // A fresh descriptor can be written.
  static constexpr bool is_writable_when_added = true;
  ~world() {
    for (auto [fd, peer] : peers) {
      ::close(fd);
      if (peer >= 0) ::close(peer);
    }
  }
};

template <>
struct world<np::backend_fake> {
  np::backend_fake backend;
  int next = 1000;
  std::map<int, bool> ready_before_add;

  int make() { return next++; }
  void make_readable(int fd) {
    if (backend.is_registered(fd))
      backend.make_ready(fd, true, false);
    else
      ready_before_add[fd] = true;
  }
  void take(int) {}
  void hang_up(int fd) { backend.make_ready(fd, true, true); }
  static constexpr bool is_writable_when_added = false;
};

template <class Backend>
class backend : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(w.backend.open(), 0); }
  void TearDown() override { w.backend.close(); }

  void add(int fd, np::poll_tag tag) {
    ASSERT_EQ(w.backend.add(fd, tag), 0);
    drain();
  }
  std::vector<np::io_event> look(std::int64_t timeout_ns = 0) {
    np::io_event events[16];
    const int n = w.backend.wait(timeout_ns, events, 16);
    return {events, events + n};
  }
  // The events of being added, which some backends have.
  void drain() {
    while (!look().empty()) {
    }
  }

  world<Backend> w;
};

using backends = ::testing::Types<np::backend_fake
#if defined(__linux__)
                                  ,
                                  np::backend_epoll
#endif
#if __has_include(<sys/event.h>)
                                  ,
                                  np::backend_kqueue
#endif
                                  >;
TYPED_TEST_SUITE(backend, backends);

TYPED_TEST(backend, nothing_is_ready_at_first) {
  EXPECT_TRUE(this->look().empty());
  const int fd = this->w.make();
  this->add(fd, 5);
  EXPECT_TRUE(this->look().empty());
}

TYPED_TEST(backend, an_event_has_the_tag_of_its_descriptor) {
  const int a = this->w.make(), b = this->w.make();
  this->add(a, np::make_tag(1, 0xffff'ffff));
  this->add(b, np::make_tag(0x00ff'ffff, 7));
  this->w.make_readable(b);
  auto events = this->look();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].tag, np::make_tag(0x00ff'ffff, 7));
  EXPECT_TRUE(events[0].readable);
  this->w.make_readable(a);
  events = this->look();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].tag, np::make_tag(1, 0xffff'ffff));
}

TYPED_TEST(backend, an_edge_is_told_once_and_the_next_one_again) {
  const int fd = this->w.make();
  this->add(fd, 5);
  this->w.make_readable(fd);
  EXPECT_EQ(this->look().size(), 1u);
  EXPECT_TRUE(this->look().empty());
  this->w.make_readable(fd);  // more, although the first was not taken
  EXPECT_EQ(this->look().size(), 1u);
}

TYPED_TEST(backend, what_is_ready_when_added_is_an_event) {
  if (!world<TypeParam>::is_writable_when_added) return;  // the script decides
  const int fd = this->w.make();
  this->w.make_readable(fd);
  ASSERT_EQ(this->w.backend.add(fd, 5), 0);
  bool readable = false, writable = false;
  for (const np::io_event& e : this->look()) {
    readable |= e.readable;
    writable |= e.writable;
  }
  EXPECT_TRUE(readable);
  EXPECT_TRUE(writable);
}

TYPED_TEST(backend, a_hang_up_concerns_readers) {
  const int fd = this->w.make();
  this->add(fd, 5);
  this->w.hang_up(fd);
  bool readable = false;
  for (const np::io_event& e : this->look()) readable |= e.readable;
  EXPECT_TRUE(readable);
}

TYPED_TEST(backend, no_event_after_remove) {
  const int fd = this->w.make();
  this->add(fd, 5);
  EXPECT_EQ(this->w.backend.remove(fd), 0);
  this->w.make_readable(fd);
  EXPECT_TRUE(this->look().empty());
  this->w.take(fd);
  this->add(fd, 6);
  this->w.make_readable(fd);
  const auto events = this->look();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].tag, 6u);
}

TYPED_TEST(backend, adding_twice_or_removing_a_stranger_is_an_error) {
  const int fd = this->w.make();
  this->add(fd, 5);
  // kqueue replaces the tag instead.
  const int again = this->w.backend.add(fd, 6);
  EXPECT_TRUE(again == EEXIST || again == 0);
  const int stranger = this->w.make();
  EXPECT_NE(this->w.backend.remove(stranger), 0);
}

TYPED_TEST(backend, a_small_buffer_gets_the_rest_next_time) {
  std::vector<int> fds;
  for (np::poll_tag tag = 0; tag < 5; ++tag) {
    fds.push_back(this->w.make());
    this->add(fds.back(), tag);
  }
  for (const int fd : fds) this->w.make_readable(fd);
  std::vector<bool> seen(5, false);
  for (int round = 0; round < 5; ++round) {
    np::io_event one[1];
    const int n = this->w.backend.wait(0, one, 1);
    ASSERT_EQ(n, 1);
    EXPECT_FALSE(seen[one[0].tag]);
    seen[one[0].tag] = true;
  }
  EXPECT_TRUE(this->look().empty());
}

TYPED_TEST(backend, the_one_that_waits_returns_for_an_event) {
  const int fd = this->w.make();
  this->add(fd, 5);
  std::thread other([&] { this->w.make_readable(fd); });
  std::vector<np::io_event> events;
  while (events.empty()) events = this->look(rt::never_ns);
  EXPECT_EQ(events[0].tag, 5u);
  other.join();
}

TYPED_TEST(backend, a_timeout_ends_the_wait) {
  EXPECT_TRUE(this->look(1'000'000).empty());
  EXPECT_TRUE(this->look(1).empty());
}

TYPED_TEST(backend, an_interrupt_ends_the_wait) {
  for (int round = 0; round < 50; ++round) {
    std::thread other([&] { this->w.backend.interrupt(); });
    EXPECT_TRUE(this->look(rt::never_ns).empty());
    other.join();
  }
}

TYPED_TEST(backend, an_interrupt_before_the_wait_ends_it_too_and_only_one) {
  this->w.backend.interrupt();
  this->w.backend.interrupt();
  EXPECT_TRUE(this->look(rt::never_ns).empty());
  const auto before = std::chrono::steady_clock::now();
  EXPECT_TRUE(this->look(20'000'000).empty());
  EXPECT_GE(std::chrono::steady_clock::now() - before, std::chrono::milliseconds(20));
}

TYPED_TEST(backend, a_look_leaves_the_interrupt_to_the_one_that_waits) {
  this->w.backend.interrupt();
  EXPECT_TRUE(this->look(0).empty());
  EXPECT_TRUE(this->look(0).empty());
  EXPECT_TRUE(this->look(rt::never_ns).empty());
}

TYPED_TEST(backend, interrupts_are_not_lost_among_looks) {
  std::atomic<bool> stop{false};
  std::thread looker([&] {
    while (!stop) this->look(0);
  });
  for (int round = 0; round < 200; ++round) {
    std::thread other([&] { this->w.backend.interrupt(); });
    this->look(rt::never_ns);
    other.join();
  }
  stop = true;
  looker.join();
}

TYPED_TEST(backend, opens_again_after_close) {
  this->w.backend.interrupt();
  this->w.backend.close();
  ASSERT_EQ(this->w.backend.open(), 0);
  const int fd = this->w.make();
  this->add(fd, 9);
  this->w.make_readable(fd);
  ASSERT_EQ(this->look(rt::never_ns).size(), 1u);
}

#if defined(__linux__)

class epoll_failures : public ::testing::Test {
 protected:
  void TearDown() override { np::epoll_in_use() = np::epoll_real(); }
  np::backend_epoll backend;
};

int count_open() {
  int count = 0;
  for (int fd = 0; fd < 256; ++fd) count += ::fcntl(fd, F_GETFD) != -1;
  return count;
}

TEST_F(epoll_failures, a_failed_open_says_why_and_leaves_nothing_open) {
  const int before = count_open();
  np::epoll_in_use().create = []() noexcept {
    errno = EMFILE;
    return -1;
  };
  EXPECT_EQ(backend.open(), EMFILE);
  np::epoll_in_use() = np::epoll_real();
  np::epoll_in_use().create_wake = []() noexcept {
    errno = ENFILE;
    return -1;
  };
  EXPECT_EQ(backend.open(), ENFILE);
  np::epoll_in_use() = np::epoll_real();
  np::epoll_in_use().control = [](int, int, int, epoll_event*) noexcept {
    errno = ENOSPC;
    return -1;
  };
  EXPECT_EQ(backend.open(), ENOSPC);
  EXPECT_EQ(count_open(), before);
}

TEST_F(epoll_failures, an_interrupted_wait_is_an_early_return) {
  ASSERT_EQ(backend.open(), 0);
  np::epoll_in_use().wait = [](int, epoll_event*, int, std::int64_t) noexcept {
    errno = EINTR;
    return -1;
  };
  np::io_event events[4];
  EXPECT_EQ(backend.wait(rt::never_ns, events, 4), 0);
  backend.close();
}

#endif

}  // namespace
