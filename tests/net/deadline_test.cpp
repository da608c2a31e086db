// Deadlines: absolute, before and during a call, moved while somebody waits, against data.
#include <atomic>
#include <vector>

#include "tests/net/net_support.hpp"

namespace {

using namespace weft_test;

class deadlines : public on_workers {};
WEFT_ON_WORKERS(deadlines);

std::error_code read_one(net::conn& c) {
  char buffer[1];
  std::error_code error;
  c.read_some(buffer, error);
  return error;
}

TEST_P(deadlines, end_a_read) {
  run([] {
    pair p;
    const auto when = from_now(5ms);
    p.a.set_read_deadline(when);
    EXPECT_EQ(read_one(p.a), std::errc::timed_out);
    EXPECT_GE(std::chrono::steady_clock::now(), when);
  });
}

TEST_P(deadlines, end_a_write_and_an_accept) {
  run([] {
    pair p;
    p.a.set_write_deadline(from_now(5ms));
    std::error_code error;
    EXPECT_LT(p.a.write_all(too_much(), error), too_much().size());
    EXPECT_EQ(error, std::errc::timed_out);

    net::listener listening = local_listener();
    listening.set_deadline(from_now(5ms));
    listening.accept(error);
    EXPECT_EQ(error, std::errc::timed_out);
    listening.set_deadline({});
    net::conn c = dial(listening);
    EXPECT_TRUE(listening.accept().is_open());
  });
}

TEST_P(deadlines, that_have_passed_end_calls_until_they_are_set_again) {
  run([] {
    pair p;
    p.b.write_all("x");
    p.a.set_deadline(from_now(-1s));
    EXPECT_EQ(read_one(p.a), std::errc::timed_out);
    EXPECT_EQ(read_one(p.a), std::errc::timed_out);
    std::error_code error;
    p.a.write_all("y", error);
    EXPECT_EQ(error, std::errc::timed_out);
    EXPECT_THROW(p.a.write_all("y"), std::system_error);
    EXPECT_FALSE((p.a.local_address(error), error)) << "a call that never waits";
    p.a.set_deadline({});
    EXPECT_FALSE(read_one(p.a));
    p.a.write_all("y");
  });
}

TEST_P(deadlines, are_separate_for_reading_and_writing) {
  run([] {
    pair p;
    p.a.set_read_deadline(from_now(-1s));
    p.a.write_all("x");
    p.a.set_read_deadline({});
    p.a.set_write_deadline(from_now(-1s));
    p.b.write_all("x");
    EXPECT_FALSE(read_one(p.a));
  });
}

TEST_P(deadlines, take_any_clock_and_none) {
  run([] {
    pair p;
    p.b.write_all("xyz");
    p.a.set_deadline(std::chrono::system_clock::now() + std::chrono::hours(1));
    EXPECT_FALSE(read_one(p.a));
    p.a.set_deadline(std::chrono::steady_clock::time_point::max());
    EXPECT_FALSE(read_one(p.a));
    p.a.set_deadline(std::chrono::steady_clock::time_point{});
    EXPECT_FALSE(read_one(p.a));
    p.a.set_deadline(std::chrono::system_clock::now() - std::chrono::seconds(1));
    EXPECT_EQ(read_one(p.a), std::errc::timed_out);
  });
}

TEST_P(deadlines, set_while_somebody_waits_end_the_wait) {
  run([] {
    pair p;
    auto reader = weft::spawn([&] { return read_one(p.a); });
    settle();
    p.a.set_read_deadline(from_now(2ms));
    EXPECT_EQ(reader.join(), std::errc::timed_out);
    p.a.set_deadline({});
    auto again = weft::spawn([&] { return read_one(p.a); });
    settle();
    p.a.set_deadline(from_now(0ms));
    EXPECT_EQ(again.join(), std::errc::timed_out);
  });
}

TEST_P(deadlines, moved_later_while_somebody_waits_count_from_then) {
  run([] {
    pair p;
    p.a.set_read_deadline(from_now(10ms));
    auto reader = weft::spawn([&] { return read_one(p.a); });
    settle();
    p.a.set_read_deadline({});
    weft::sleep_for(20ms);
    p.b.write_all("x");
    const std::error_code error = reader.join();
    // A machine so slow that the first deadline passed before it was moved is no failure.
    EXPECT_TRUE(!error || error == std::errc::timed_out);
    p.a.set_read_deadline({});
    if (error) {
      EXPECT_FALSE(read_one(p.a));
    }

    p.a.set_read_deadline(from_now(1h));
    auto patient = weft::spawn([&] { return read_one(p.a); });
    settle();
    p.a.set_read_deadline(from_now(2h));
    settle();
    p.b.write_all("x");
    EXPECT_FALSE(patient.join());
  });
}

// Whatever the order of data and deadline, the byte is read exactly once.
TEST_P(deadlines, against_data_lose_nothing) {
  run([] {
    pair p;
    int timed_out = 0;
    for (int round = 0; round < 200; ++round) {
      p.a.set_read_deadline(from_now(std::chrono::microseconds(20 * (round % 10))));
      auto reader = weft::spawn([&] { return read_one(p.a); });
      auto writer = weft::spawn([&] {
        if (round % 2 == 0) weft::sleep_for(std::chrono::microseconds(10 * (round % 20)));
        p.b.write_all("x");
      });
      const std::error_code error = reader.join();
      writer.join();
      p.a.set_read_deadline({});
      if (error) {
        EXPECT_EQ(error, std::errc::timed_out);
        ++timed_out;
        EXPECT_FALSE(read_one(p.a));  // the byte is still there
      }
      p.a.set_read_deadline(from_now(-1s));
      EXPECT_EQ(read_one(p.a), std::errc::timed_out);
      p.a.set_read_deadline({});
    }
    EXPECT_GT(timed_out, 0);  // a deadline in the past is among them
  });
}

TEST_P(deadlines, moved_all_the_time_under_traffic) {
  run([] {
    pair p;
    std::atomic<bool> stop{false};
    auto mover = weft::spawn([&] {
      while (!stop) {
        p.a.set_deadline(from_now(1h));
        weft::this_task::yield();
        p.a.set_read_deadline({});
        weft::this_task::yield();
      }
    });
    auto echoing = weft::spawn([&] { echo(p.b); });
    for (int i = 0; i < 200; ++i) {
      p.a.write_all("text");
      EXPECT_EQ(read_text(p.a, 4), "text");
    }
    stop = true;
    mover.join();
    p.a.close_write();
    echoing.join();
  });
}

TEST_P(deadlines, of_dial) {
  run([] {
    std::error_code error;
    net::listener listening = local_listener();
    const std::string where = listening.local_address().to_string();
    net::dial("tcp", where, from_now(-1s), error);
    EXPECT_EQ(error, std::errc::timed_out);
    net::conn c = net::dial("tcp", where, from_now(1h));
    EXPECT_TRUE(c.is_open());
    net::conn peer = listening.accept();
    c.write_all("x");  // the deadline was dial's only
    EXPECT_FALSE(read_one(peer));
    // A backlog that is full: connections are not answered.
    ASSERT_EQ(::listen(listening.native_handle(), 0), 0);
    std::vector<net::conn> filling;
    error.clear();
    for (int i = 0; i < 20 && !error; ++i)
      filling.push_back(net::dial("tcp", where, from_now(20ms), error));
    error.clear();
    net::dial("tcp", where, from_now(5ms), error);
    EXPECT_EQ(error, std::errc::timed_out);
  });
}

}  // namespace
