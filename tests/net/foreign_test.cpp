// Sockets from plain threads: with a runtime beside them, and without one.
#include <poll.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "tests/net/net_support.hpp"

namespace {

using namespace weft_test;

// The whole life of a few connections, all by threads.
void threads_only() {
  net::listener listening = local_listener();
  std::thread server([&] {
    net::conn c = listening.accept();
    echo(c);
  });
  net::conn c = dial(listening);
  c.write_all("hello");
  EXPECT_EQ(read_text(c, 5), "hello");
  c.close_write();
  char buffer[1];
  EXPECT_EQ(c.read_some(buffer), 0u);
  server.join();
}

TEST(foreign_sockets, need_no_runtime) { threads_only(); }

TEST(foreign_sockets, close_wakes_a_thread) {
  pair p;
  net::listener listening = local_listener();
  std::atomic<int> ended{0};
  std::thread reader([&] {
    char buffer[1];
    std::error_code error;
    p.a.read_some(buffer, error);
    EXPECT_TRUE(error);
    ++ended;
  });
  std::thread acceptor([&] {
    std::error_code error;
    listening.accept(error);
    EXPECT_TRUE(error);
    ++ended;
  });
  std::this_thread::sleep_for(5ms);
  p.a.close();
  listening.close();
  reader.join();
  acceptor.join();
  EXPECT_EQ(ended, 2);
}

TEST(foreign_sockets, deadlines_end_a_threads_wait) {
  pair p;
  char buffer[1];
  std::error_code error;
  p.a.set_read_deadline(from_now(3ms));
  p.a.read_some(buffer, error);
  EXPECT_EQ(error, std::errc::timed_out);
  p.a.set_deadline({});
  std::thread reader([&] {
    std::error_code of_thread;
    p.a.read_some(buffer, of_thread);
    EXPECT_EQ(of_thread, std::errc::timed_out);
  });
  std::this_thread::sleep_for(5ms);
  p.a.set_deadline(from_now(1h));
  std::this_thread::sleep_for(1ms);
  p.a.set_deadline(from_now(0ms));
  reader.join();
  p.a.set_deadline({});
  p.b.write_all("x");
  EXPECT_EQ(read_text(p.a, 1), "x");
}

TEST(foreign_sockets, threads_and_tasks_talk_to_each_other) {
  net::listener listening = local_listener();
  std::thread client([&] {
    for (int i = 0; i < 20; ++i) {
      net::conn c = dial(listening);
      c.write_all("from a thread");
      EXPECT_EQ(read_text(c, 13), "from a thread");
    }
    listening.close();
  });
  run(2, [&] { net::serve(listening, [](net::conn c) { echo(c); }); });
  client.join();
}

TEST(foreign_sockets, beside_a_runtime_that_comes_and_goes) {
  std::atomic<bool> stop{false};
  std::thread beside([&] {
    while (!stop) threads_only();
  });
  for (int i = 0; i < 20; ++i) {
    run(2, [] {
      pair p;
      auto reader = weft::spawn([&] { return read_text(p.a, 1); });
      weft::this_task::yield();
      p.b.write_all("x");
      EXPECT_EQ(reader.join(), "x");
    });
  }
  stop = true;
  beside.join();
}

TEST(foreign_sockets, a_thread_closes_what_a_task_waits_for) {
  run(2, [] {
    pair p;
    std::atomic<bool> waiting{false};
    std::thread closer([&] {
      while (!waiting) std::this_thread::yield();
      p.a.close();
    });
    char buffer[1];
    std::error_code error;
    waiting = true;
    p.a.read_some(buffer, error);
    EXPECT_TRUE(error);
    closer.join();
  });
}

TEST(foreign_sockets, a_task_closes_what_a_thread_waits_for) {
  run(1, [] {
    pair p;
    std::atomic<bool> ended{false};
    std::thread reader([&] {
      char buffer[1];
      std::error_code error;
      p.a.read_some(buffer, error);
      EXPECT_TRUE(error);
      ended = true;
    });
    settle();
    p.a.close();
    yield_until(ended);
    reader.join();
  });
}

TEST(foreign_sockets, wait_readable) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  std::thread writer([&] {
    std::this_thread::sleep_for(2ms);
    EXPECT_EQ(::write(ends[1], "x", 1), 1);
  });
  net::wait_readable(ends[0]);
  writer.join();
  std::error_code error;
  char byte;
  EXPECT_EQ(::read(ends[0], &byte, 1), 1);
  net::wait_readable(ends[0], from_now(2ms), error);
  EXPECT_EQ(error, std::errc::timed_out);
  ::close(ends[0]);
  ::close(ends[1]);
}

}  // namespace
