// What the outside and the system do to a server: resets, refusals, exhaustion, misuse.
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <memory>
#include <string>

#include "netpoll/backend_epoll.hpp"
#include "netpoll/socket.hpp"
#include "tests/net/net_support.hpp"

namespace {

using namespace weft_test;
namespace np = weft::np;

class failures : public on_workers {
 protected:
  void TearDown() override {
    np::sockets_in_use() = np::sockets_real();
#if defined(__linux__)
    np::epoll_in_use() = np::epoll_real();
#endif
  }
};
WEFT_ON_WORKERS(failures);

TEST_P(failures, a_reset_is_an_error_of_that_connection) {
  run([] {
    pair p;
    auto reader = weft::spawn([&] {
      char buffer[4];
      std::error_code error;
      p.b.read_some(buffer, error);
      EXPECT_EQ(error, std::errc::connection_reset);
    });
    settle();
    reset(p.a);
    reader.join();
    std::error_code error;
    p.b.write_all("x", error);
    EXPECT_TRUE(error);  // and no SIGPIPE
    p.b.write_all("x", error);
    EXPECT_EQ(error, std::errc::broken_pipe);
  });
}

TEST_P(failures, a_reset_wakes_a_writer) {
  run([] {
    pair p;
    auto writer = weft::spawn([&] {
      std::error_code error;
      p.b.write_all(too_much(), error);
      EXPECT_TRUE(error == std::errc::connection_reset || error == std::errc::broken_pipe) << error;
    });
    settle();
    reset(p.a);
    writer.join();
  });
}

TEST_P(failures, dialling_where_nobody_listens) {
  run([] {
    net::listener gone = local_listener();
    const std::string where = gone.local_address().to_string();
    gone.close();
    std::error_code error;
    EXPECT_FALSE(net::dial("tcp", where, error));
    EXPECT_EQ(error, std::errc::connection_refused);
    try {
      net::dial("tcp", where);
      ADD_FAILURE();
    } catch (const std::system_error& e) {
      EXPECT_EQ(e.code(), std::errc::connection_refused);
      EXPECT_NE(std::string(e.what()).find(where), std::string::npos) << e.what();
    }
    net::dial("unix", "/tmp/weft-test-nobody-is-here", error);
    EXPECT_EQ(error, std::errc::no_such_file_or_directory);
  });
}

TEST_P(failures, listening_twice_on_one_address) {
  run([] {
    net::listener first = local_listener();
    std::error_code error;
    EXPECT_FALSE(net::listen("tcp", first.local_address().to_string(), error));
    EXPECT_EQ(error, std::errc::address_in_use);
    EXPECT_THROW(net::listen("tcp", first.local_address().to_string()), std::system_error);
  });
}

TEST_P(failures, a_second_reader_or_writer_is_told) {
  run([] {
    pair p;
    auto reader = weft::spawn([&] { return read_text(p.a, 1); });
    settle();
    char buffer[1];
    std::error_code error;
    for (;;) {  // until the reader is in
      p.a.set_read_deadline(from_now(1ms));
      p.a.set_read_deadline({});
      p.a.read_some(net::mutable_bytes(buffer, 0), error);
      if (error) break;
      weft::this_task::yield();
    }
    EXPECT_EQ(error, std::errc::operation_in_progress);
    try {
      p.a.read_some(buffer);
      ADD_FAILURE();
    } catch (const std::system_error& e) {
      EXPECT_NE(std::string(e.what()).find("two tasks read one connection"), std::string::npos);
    }
    p.b.write_all("x");
    EXPECT_EQ(reader.join(), "x");
  });
}

// Sets the limit so that no descriptor is left.
class no_descriptors_left {
 public:
  no_descriptors_left() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const int next = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    ::close(next);
    rlimit now = before_;
    now.rlim_cur = static_cast<rlim_t>(next);
    ::setrlimit(RLIMIT_NOFILE, &now);
  }
  ~no_descriptors_left() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

TEST_P(failures, running_out_of_descriptors_is_an_error_of_that_call) {
  run([] {
    net::listener listening = local_listener();
    net::conn c = dial(listening);
    {
      const no_descriptors_left limit;
      std::error_code error;
      EXPECT_FALSE(listening.accept(error));
      EXPECT_EQ(error, std::errc::too_many_files_open);
      EXPECT_THROW(listening.accept(), std::system_error);
      net::dial("tcp", listening.local_address().to_string(), error);
      EXPECT_EQ(error, std::errc::too_many_files_open);
      net::listen("tcp", "127.0.0.1:0", error);
      EXPECT_EQ(error, std::errc::too_many_files_open);
    }
    net::conn peer = listening.accept();  // it waited in the backlog
    c.write_all("x");
    EXPECT_EQ(read_text(peer, 1), "x");
  });
}

TEST_P(failures, serve_goes_on_when_descriptors_come_back) {
  run([] {
    net::listener listening = local_listener();
    net::conn first = dial(listening), second = dial(listening);
    auto limit = std::make_unique<no_descriptors_left>();
    auto server = weft::spawn([&] { net::serve(listening, [](net::conn c) { echo(c); }); });
    settle();
    limit.reset();
    for (net::conn* c : {&first, &second}) {
      c->write_all("x");
      EXPECT_EQ(read_text(*c, 1), "x");
    }
    listening.close();
    server.join();
  });
}

TEST_P(failures, serve_outlives_what_its_connections_throw) {
  run([] {
    net::listener listening = local_listener();
    std::atomic<int> ended{0};
    auto server = weft::spawn([&] {
      net::serve(listening, [&](net::conn c) {
        struct count {
          std::atomic<int>& n;
          ~count() { ++n; }
        } at_end{ended};
        echo(c);
      });
    });
    for (int i = 0; i < 5; ++i) {
      net::conn c = dial(listening);
      c.write_all("x");
      read_text(c, 1);
      reset(c);
    }
    net::conn c = dial(listening);
    c.write_all("still there");
    EXPECT_EQ(read_text(c, 11), "still there");
    c.close();
    yield_until([&] { return ended == 6; });
    listening.close();
    server.join();
  });
}

std::atomic<int> aborted_left{0};

TEST_P(failures, connections_that_were_aborted_are_passed_over) {
  aborted_left = 3;
  np::sockets_in_use().accept = [](int fd, sockaddr* peer, socklen_t* length) noexcept {
    if (aborted_left.fetch_sub(1) > 0) {
      errno = ECONNABORTED;
      return -1;
    }
    return np::sockets_real().accept(fd, peer, length);
  };
  run([] {
    net::listener listening = local_listener();
    net::conn c = dial(listening);
    EXPECT_TRUE(listening.accept().is_open());
    EXPECT_LE(aborted_left, 0);
  });
}

TEST_P(failures, any_other_failure_of_accept_is_told) {
  np::sockets_in_use().accept = [](int, sockaddr*, socklen_t*) noexcept {
    errno = EPERM;
    return -1;
  };
  run([] {
    net::listener listening = local_listener();
    std::error_code error;
    listening.accept(error);
    EXPECT_EQ(error, std::errc::operation_not_permitted);
    auto server = weft::spawn([&] { net::serve(listening, [](net::conn) {}); });
    EXPECT_THROW(server.join(), std::system_error);
  });
}

#if defined(__linux__)

std::atomic<bool> refuse_adds{false};

TEST_P(failures, a_descriptor_that_the_poller_refuses_fails_its_call_only) {
  np::epoll_in_use().control = [](int epoll, int operation, int fd, epoll_event* event) noexcept {
    if (refuse_adds && operation == EPOLL_CTL_ADD) {
      errno = ENOSPC;
      return -1;
    }
    return np::epoll_real().control(epoll, operation, fd, event);
  };
  run([] {
    pair p;  // p.b has never waited
    refuse_adds = true;
    char buffer[1];
    std::error_code error;
    p.b.read_some(buffer, error);
    EXPECT_EQ(error, std::errc::no_space_on_device);
    p.a.write_all("x");
    pollfd there{p.b.native_handle(), POLLIN, 0};
    ASSERT_EQ(::poll(&there, 1, -1), 1);
    EXPECT_EQ(read_text(p.b, 1), "x");  // need not wait
    refuse_adds = false;
    auto reader = weft::spawn([&] { return read_text(p.b, 1); });
    settle();
    p.a.write_all("y");
    EXPECT_EQ(reader.join(), "y");
  });
}

TEST(failures_of_start, a_run_that_gets_no_poller_says_so_and_the_next_one_works) {
  np::epoll_in_use().create = []() noexcept {
    errno = EMFILE;
    return -1;
  };
  EXPECT_THROW(run(1, [] {}), std::system_error);
  np::epoll_in_use() = np::epoll_real();
  EXPECT_EQ(run(1, [] { return 3; }), 3);
}

#endif

}  // namespace
