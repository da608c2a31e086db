// wait_readable and wait_writable, for descriptors that are not ours.
#include <fcntl.h>
#include <unistd.h>

#include <string>

#include "tests/net/net_support.hpp"

namespace {

using namespace weft_test;

struct pipe_ends {
  int read_end, write_end;
  pipe_ends() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
      throw std::system_error(errno, std::system_category());
    read_end = ends[0];
    write_end = ends[1];
  }
  ~pipe_ends() {
    ::close(read_end);
    close_write();
  }
  void close_write() {
    if (write_end >= 0) ::close(write_end);
    write_end = -1;
  }
  void write_one() { ASSERT_EQ(::write(write_end, "x", 1), 1); }
  void read_one() {
    char byte;
    ASSERT_EQ(::read(read_end, &byte, 1), 1);
  }
  void fill() {
    const std::string block(4096, 'x');
    while (::write(write_end, block.data(), block.size()) > 0) {
    }
  }
  void drain() {
    char block[4096];
    while (::read(read_end, block, sizeof block) > 0) {
    }
  }
};

class wait_fd : public on_workers {};
WEFT_ON_WORKERS(wait_fd);

TEST_P(wait_fd, returns_when_there_is_something) {
  run([] {
    pipe_ends p;
    for (int round = 0; round < 20; ++round) {
      auto waiter = weft::spawn([&] {
        net::wait_readable(p.read_end);
        p.read_one();
      });
      if (round % 2 == 0) settle();
      p.write_one();
      waiter.join();
    }
  });
}

TEST_P(wait_fd, returns_when_there_is_room) {
  run([] {
    pipe_ends p;
    net::wait_writable(p.write_end);
    p.fill();
    auto waiter = weft::spawn([&] { net::wait_writable(p.write_end); });
    settle();
    p.drain();
    waiter.join();
  });
}

TEST_P(wait_fd, the_end_is_something) {
  run([] {
    pipe_ends p;
    auto waiter = weft::spawn([&] { net::wait_readable(p.read_end); });
    settle();
    p.close_write();
    waiter.join();
  });
}

TEST_P(wait_fd, both_sides_of_one_socket_at_a_time_and_of_a_connection_of_ours) {
  run([] {
    pair p;
    const int fd = p.a.native_handle();
    p.a.set_write_deadline(from_now(10ms));
    std::error_code full;
    p.a.write_all(too_much(), full);
    EXPECT_EQ(full, std::errc::timed_out);
    auto reader = weft::spawn([&] { net::wait_readable(fd); });
    auto other_reader = weft::spawn([&] { net::wait_readable(fd); });
    auto writer = weft::spawn([&] { net::wait_writable(fd); });
    auto own_reader = weft::spawn([&] { return read_text(p.a, 1); });
    settle();
    p.b.write_all("x");
    EXPECT_EQ(own_reader.join(), "x");
    // The byte may be gone by now; both look again.
    p.b.write_all("y");
    reader.join();
    other_reader.join();
    auto reading = weft::spawn([&] {
      char block[4096];
      std::error_code error;
      while (p.b.read_some(block, error) > 0 && !error) {
      }
    });
    writer.join();
    p.a.close();
    reading.join();
  });
}

TEST_P(wait_fd, a_connection_of_ours_that_is_waited_for_first_and_read_then) {
  run([] {
    pair p;
    auto looking = weft::spawn([&] { net::wait_readable(p.a.native_handle()); });
    settle();
    auto reading = weft::spawn([&] {
      char byte = 0;
      std::error_code error;
      EXPECT_EQ(p.a.read_some(net::mutable_bytes(&byte, 1), error), 1u);
      EXPECT_FALSE(error) << error.message();
      return byte;
    });
    settle();
    p.b.write_all("ab");
    EXPECT_EQ(reading.join(), 'a');
    looking.join();
  });
}

TEST_P(wait_fd, files_are_always_ready) {
  run([] {
    const int fd = ::open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    ASSERT_GE(fd, 0);
    net::wait_readable(fd);
    ::close(fd);
  });
}

TEST_P(wait_fd, a_deadline_ends_it) {
  run([] {
    pipe_ends p;
    std::error_code error;
    net::wait_readable(p.read_end, from_now(2ms), error);
    EXPECT_EQ(error, std::errc::timed_out);
    EXPECT_THROW(net::wait_readable(p.read_end, from_now(2ms)), std::system_error);
    p.write_one();
    net::wait_readable(p.read_end, from_now(1h), error);
    EXPECT_FALSE(error);
  });
}

TEST_P(wait_fd, what_is_not_open_is_an_error) {
  run([] {
    std::error_code error;
    net::wait_readable(9999, error);
    EXPECT_EQ(error, std::errc::bad_file_descriptor);
    net::wait_writable(-1, error);
    EXPECT_EQ(error, std::errc::bad_file_descriptor);
  });
}

}  // namespace
