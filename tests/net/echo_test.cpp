// Connections carry bytes: both ways, in any pieces, many at a time.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <numeric>
#include <random>
#include <vector>

#include "tests/net/net_support.hpp"

namespace {

using namespace weft_test;

class sockets : public on_workers {};
WEFT_ON_WORKERS(sockets);

TEST_P(sockets, echo) {
  run([] {
    net::listener listening = local_listener();
    auto server = weft::spawn([&] {
      net::conn c = listening.accept();
      echo(c);
    });
    net::conn c = dial(listening);
    for (const std::string text : {"hello", "a", "more than that"}) {
      EXPECT_EQ(c.write_all(text), text.size());
      EXPECT_EQ(read_text(c, text.size()), text);
    }
    c.close_write();
    char more[1];
    EXPECT_EQ(c.read_some(more), 0u);
    EXPECT_EQ(c.read_some(more), 0u);  // again and again
    server.join();
  });
}

TEST_P(sockets, read_some_returns_what_there_is) {
  run([] {
    pair p;
    p.a.write_all("abc");
    char buffer[100];
    EXPECT_EQ(p.b.read_some(buffer), 3u);
    EXPECT_EQ(std::string_view(buffer, 3), "abc");
    EXPECT_EQ(p.b.read_some(net::mutable_bytes(buffer, 0)), 0u);
    EXPECT_EQ(p.a.write_some(""), 0u);
    EXPECT_EQ(p.a.write_all(""), 0u);
  });
}

TEST_P(sockets, read_full_ends_early_only_at_the_end_of_the_stream) {
  run([] {
    pair p;
    auto writer = weft::spawn([&] {
      for (int i = 0; i < 10; ++i) {
        p.a.write_all("x");
        weft::this_task::yield();
      }
      p.a.write_all("rest");
      p.a.close_write();
    });
    EXPECT_EQ(read_text(p.b, 10), "xxxxxxxxxx");
    std::string text(100, '?');
    std::error_code error;
    EXPECT_EQ(p.b.read_full(text, error), 4u);
    EXPECT_FALSE(error);
    EXPECT_EQ(text.substr(0, 4), "rest");
    writer.join();
  });
}

TEST_P(sockets, large_writes_go_out_in_pieces_and_arrive_whole) {
  run([] {
    pair p;
    p.a.set_option(SOL_SOCKET, SO_SNDBUF, 4096);
    std::vector<unsigned char> sent(3'000'000);
    std::iota(sent.begin(), sent.end(), static_cast<unsigned char>(0));
    auto writer = weft::spawn([&] {
      EXPECT_EQ(p.a.write_all(sent), sent.size());
      p.a.close_write();
    });
    std::vector<unsigned char> got;
    std::array<unsigned char, 1000> block;
    while (const std::size_t n = p.b.read_some(block))
      got.insert(got.end(), block.begin(), block.begin() + static_cast<std::ptrdiff_t>(n));
    writer.join();
    EXPECT_TRUE(got == sent);
  });
}

TEST_P(sockets, one_task_reads_while_another_writes) {
  run([] {
    pair p;
    const std::string block(10'000, 'd');
    constexpr int blocks = 100;
    const auto send = [&](net::conn& c) {
      for (int i = 0; i < blocks; ++i) c.write_all(block);
      c.close_write();
    };
    const auto receive = [&](net::conn& c) {
      std::size_t total = 0;
      std::array<char, 4096> buffer;
      while (const std::size_t n = c.read_some(buffer)) total += n;
      EXPECT_EQ(total, blocks * block.size());
    };
    weft::wait_group all;
    all.add(4);
    for (net::conn* c : {&p.a, &p.b}) {
      weft::go([&, c] {
        send(*c);
        all.done();
      });
      weft::go([&, c] {
        receive(*c);
        all.done();
      });
    }
    all.wait();
  });
}

TEST_P(sockets, after_half_close_the_other_direction_goes_on) {
  run([] {
    pair p;
    p.a.write_all("question");
    p.a.close_write();
    EXPECT_EQ(read_text(p.b, 100), "question");
    p.b.write_all("answer");
    EXPECT_EQ(read_text(p.a, 6), "answer");
    std::error_code error;
    p.a.write_all("too late", error);
    EXPECT_EQ(error, std::errc::broken_pipe);
  });
}

TEST_P(sockets, many_connections_at_a_time) {
  run([] {
    const int count = under_tsan ? 60 : 300;
    net::listener listening = local_listener();
    auto server = weft::spawn([&] {
      net::serve(listening, [](net::conn c) { echo(c); });
    });
    std::atomic<int> good{0};
    weft::wait_group all;
    all.add(count);
    for (int i = 0; i < count; ++i) {
      weft::go([&, i] {
        net::conn c = dial(listening);
        const std::string text = "client " + std::to_string(i);
        for (int round = 0; round < 5; ++round) {
          c.write_all(text);
          if (read_text(c, text.size()) == text) ++good;
        }
        all.done();
      });
    }
    all.wait();
    EXPECT_EQ(good, 5 * count);
    listening.close();
    server.join();
  });
}

TEST_P(sockets, several_tasks_accept_from_one_listener) {
  run([] {
    constexpr int acceptors = 4, connections = 60;
    net::listener listening = local_listener();
    std::atomic<int> accepted{0};
    weft::wait_group ended;
    ended.add(acceptors);
    for (int i = 0; i < acceptors; ++i) {
      weft::go([&] {
        for (;;) {
          std::error_code error;
          net::conn c = listening.accept(error);
          if (error) break;
          ++accepted;
          c.write_all("!");
        }
        ended.done();
      });
    }
    for (int i = 0; i < connections; i += 3) {
      net::conn three[3];
      for (net::conn& c : three) c = dial(listening);
      for (net::conn& c : three) EXPECT_EQ(read_text(c, 1), "!");
    }
    EXPECT_EQ(accepted, connections);
    listening.close();
    ended.wait();
  });
}

TEST_P(sockets, a_busy_worker_does_not_keep_ready_connections_waiting) {
  run([] {
    pair p;
    std::atomic<bool> answered{false};
    auto server = weft::spawn([&] { p.b.write_all(read_text(p.b, 4)); });
    auto client = weft::spawn([&] {
      p.a.write_all("ping");
      EXPECT_EQ(read_text(p.a, 4), "ping");
      answered = true;
    });
    while (!answered) weft::this_task::yield();  // never idle
    server.join();
    client.join();
  });
}

TEST_P(sockets, connections_move) {
  run([] {
    pair p;
    net::conn moved = std::move(p.a);
    EXPECT_FALSE(p.a.is_open());
    EXPECT_TRUE(moved.is_open());
    moved.write_all("x");
    EXPECT_EQ(read_text(p.b, 1), "x");
    net::conn other = std::move(p.b);
    moved = std::move(other);  // closes what it was
    EXPECT_EQ(moved.read_some(std::array<char, 1>{}), 0u);
  });
}

TEST(socket_details, addresses_of_both_ends) {
  run(1, [] {
    net::listener listening = local_listener();
    net::conn a = dial(listening);
    net::conn b = listening.accept();
    EXPECT_NE(listening.local_address().port(), 0);
    EXPECT_EQ(a.remote_address(), listening.local_address());
    EXPECT_EQ(b.local_address(), listening.local_address());
    EXPECT_EQ(a.local_address(), b.remote_address());
    const net::address peer = b.remote_address();
    reset(a);
    b.close();
    EXPECT_EQ(b.remote_address(), peer);
  });
}

TEST(socket_details, small_writes_are_sent_at_once_unless_asked) {
  run(1, [] {
    pair p;
    const auto no_delay = [](const net::conn& c) {
      int value = -1;
      socklen_t length = sizeof value;
      ::getsockopt(c.native_handle(), IPPROTO_TCP, TCP_NODELAY, &value, &length);
      return value != 0;
    };
    EXPECT_TRUE(no_delay(p.a));
    EXPECT_TRUE(no_delay(p.b));
    p.a.set_no_delay(false);
    EXPECT_FALSE(no_delay(p.a));
    p.a.set_keep_alive(true);
    std::error_code error;
    p.a.set_option(SOL_SOCKET, 99'999, 1, error);
    EXPECT_TRUE(error);
  });
}

TEST(socket_details, ipv6_and_all_addresses) {
  run(1, [] {
    std::error_code error;
    net::listener six = net::listen("tcp6", "[::1]:0", error);
    if (error) return;  // this machine has no IPv6
    net::conn a = net::dial("tcp", six.local_address().to_string());
    net::conn b = six.accept();
    a.write_all("six");
    EXPECT_EQ(read_text(b, 3), "six");

    net::listener all = net::listen("tcp", ":0");
    const std::string port = std::to_string(all.local_address().port());
    net::conn over_four = net::dial("tcp4", "127.0.0.1:" + port);
    net::conn over_six = net::dial("tcp6", "[::1]:" + port);
    all.accept();
    all.accept();
  });
}

TEST(socket_details, names_are_looked_up) {
  run(2, [] {
    net::listener listening = net::listen("tcp4", "localhost:0");
    net::conn a =
        net::dial("tcp4", "localhost:" + std::to_string(listening.local_address().port()));
    net::conn b = listening.accept();
    a.write_all("x");
    EXPECT_EQ(read_text(b, 1), "x");
    std::error_code error;
    net::dial("tcp", "no-such-host.invalid:80", error);
    EXPECT_TRUE(error);
  });
}

TEST(socket_details, unix_sockets) {
  run(1, [] {
    const std::string path = "/tmp/weft-test-" + std::to_string(::getpid());
    {
      net::listener listening = net::listen("unix", path);
      EXPECT_EQ(listening.local_address().to_string(), path);
      EXPECT_EQ(::access(path.c_str(), F_OK), 0);
      std::error_code error;
      net::listen("unix", path, error);
      EXPECT_EQ(error, std::errc::address_in_use);
      net::conn a = net::dial("unix", path);
      net::conn b = listening.accept();
      a.write_all("local");
      EXPECT_EQ(read_text(b, 5), "local");
      EXPECT_EQ(a.remote_address().to_string(), path);
    }
    EXPECT_NE(::access(path.c_str(), F_OK), 0);
  });
}

TEST(socket_details, a_full_unix_backlog_is_waited_out) {
  run(1, [] {
    const std::string path = "/tmp/weft-test-backlog-" + std::to_string(::getpid());
    net::listener listening = net::listen("unix", path);
    ASSERT_EQ(::listen(listening.native_handle(), 1), 0);
    constexpr int count = 10;
    auto dialler = weft::spawn([&] {
      for (int i = 0; i < count; ++i) net::dial("unix", path).close();
    });
    for (int i = 0; i < count; ++i) {
      weft::sleep_for(2ms);
      listening.accept();
    }
    dialler.join();
  });
}

TEST(socket_details, connections_outlive_a_run) {
  net::listener listening;
  net::conn a, b;
  run(2, [&] {
    listening = local_listener();
    a = dial(listening);
    b = listening.accept();
    auto reader = weft::spawn([&] { EXPECT_EQ(read_text(b, 1), "1"); });
    settle();
    a.write_all("1");
    reader.join();
  });
  for (int round = 0; round < 3; ++round) {
    run(2, [&] {
      auto reader = weft::spawn([&] { EXPECT_EQ(read_text(b, 1), "2"); });
      settle();
      a.write_all("2");
      reader.join();
    });
  }
}

}  // namespace
