// close(): ends the calls of other tasks, frees the number, and what comes late hits nobody.
#include <atomic>
#include <vector>

#include "tests/net/net_support.hpp"

namespace {

using namespace weft_test;

// Before the call or during it: a test cannot know which it was.
::testing::AssertionResult is_closed(const std::error_code& error) {
  if (error == std::errc::operation_canceled || error == std::errc::bad_file_descriptor)
    return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << error << ", " << error.message();
}

class closing : public on_workers {};
WEFT_ON_WORKERS(closing);

TEST_P(closing, wakes_a_reader) {
  run([] {
    pair p;
    auto reader = weft::spawn([&] {
      char buffer[4];
      std::error_code error;
      EXPECT_EQ(p.a.read_some(buffer, error), 0u);
      EXPECT_TRUE(is_closed(error));
    });
    settle();
    p.a.close();
    reader.join();
    EXPECT_FALSE(p.a.is_open());
    EXPECT_EQ(p.a.native_handle(), -1);
  });
}

TEST_P(closing, during_a_call_is_told_apart_from_before_it) {
  run([] {
    for (std::error_code error; error != std::errc::operation_canceled;) {
      pair p;
      auto reader = weft::spawn([&] {
        char buffer[4];
        p.a.read_some(buffer, error);
      });
      settle();
      p.a.close();
      reader.join();
      ASSERT_TRUE(is_closed(error));
    }
  });
}

TEST_P(closing, wakes_a_writer_that_tells_how_far_it_came) {
  run([] {
    pair p;
    auto writer = weft::spawn([&] {
      std::error_code error;
      EXPECT_LT(p.a.write_all(too_much(), error), too_much().size());
      EXPECT_TRUE(is_closed(error));
    });
    settle();
    p.a.close();
    writer.join();
  });
}

TEST_P(closing, wakes_every_acceptor) {
  run([] {
    net::listener listening = local_listener();
    std::vector<weft::task<void>> acceptors;
    for (int i = 0; i < 3; ++i) {
      acceptors.push_back(weft::spawn([&] {
        std::error_code error;
        EXPECT_FALSE(listening.accept(error));
        EXPECT_TRUE(is_closed(error));
      }));
    }
    settle();
    listening.close();
    for (auto& t : acceptors) t.join();
  });
}

TEST_P(closing, the_throwing_forms_throw) {
  run([] {
    pair p;
    auto reader = weft::spawn([&] {
      char buffer[4];
      p.a.read_some(buffer);
    });
    settle();
    p.a.close();
    try {
      reader.join();
      ADD_FAILURE() << "read_some returned";
    } catch (const std::system_error& e) {
      EXPECT_TRUE(is_closed(e.code()));
    }
  });
}

TEST_P(closing, calls_after_it_say_so) {
  run([] {
    pair p;
    p.a.close();
    p.a.close();
    char buffer[4];
    std::error_code error;
    p.a.read_some(buffer, error);
    EXPECT_EQ(error, std::errc::bad_file_descriptor);
    p.a.write_all("x", error);
    EXPECT_EQ(error, std::errc::bad_file_descriptor);
    p.a.close_write(error);
    EXPECT_EQ(error, std::errc::bad_file_descriptor);
    p.a.local_address(error);
    EXPECT_EQ(error, std::errc::bad_file_descriptor);
    p.a.set_deadline(from_now(1s));  // has no effect
    net::conn never_open;
    never_open.read_some(buffer, error);
    EXPECT_EQ(error, std::errc::bad_file_descriptor);
    never_open.close();
    EXPECT_THROW(never_open.write_all("x"), std::system_error);
    net::listener no_listener;
    no_listener.accept(error);
    EXPECT_EQ(error, std::errc::bad_file_descriptor);
    EXPECT_EQ(p.b.read_some(buffer, error), 0u);
    EXPECT_FALSE(error);
  });
}

TEST_P(closing, an_error_is_cleared_by_the_next_good_call) {
  run([] {
    pair p;
    std::error_code error = std::make_error_code(std::errc::io_error);
    p.a.write_all("x", error);
    EXPECT_FALSE(error);
  });
}

TEST_P(closing, the_port_is_free_when_close_returns) {
  run([] {
    std::string where = "127.0.0.1:0";
    for (int round = 0; round < 50; ++round) {
      net::listener listening = net::listen("tcp", where);
      where = listening.local_address().to_string();
      auto acceptor = weft::spawn([&] {
        std::error_code error;
        net::conn ignored = listening.accept(error);
      });
      if (round % 2 == 0) weft::this_task::yield();
      listening.close();
      acceptor.join();
    }
  });
}

// A number that is closed and given out again: events on their way for the old use, and the wait of
// the new one.
TEST_P(closing, a_reused_number_gets_no_events_of_its_past) {
  run([] {
    net::listener listening = local_listener();
    int reused = 0;
    for (int round = 0; round < 100; ++round) {
      pair old{std::move(listening)};
      listening = local_listener();
      const int number = old.a.native_handle();
      auto old_reader = weft::spawn([&] {
        char buffer[8];
        std::error_code error;
        old.a.read_some(buffer, error);
      });
      weft::this_task::yield();
      auto late = weft::spawn([&] {
        std::error_code error;
        old.b.write_all("late", error);
        old.b.close();
      });
      old.a.close();
      net::conn fresh = dial(listening);
      net::conn peer = listening.accept();
      reused += fresh.native_handle() == number;
      auto reader = weft::spawn([&] { return read_text(fresh, 3); });
      late.join();
      old_reader.join();
      weft::this_task::yield();
      peer.write_all("new");
      EXPECT_EQ(reader.join(), "new");
    }
    EXPECT_GT(reused, 0);
  });
}

TEST_P(closing, against_data_in_every_order) {
  run([] {
    int got_data = 0, got_closed = 0;
    for (int round = 0; round < 200; ++round) {
      pair p;
      auto reader = weft::spawn([&] {
        char buffer[4];
        std::error_code error;
        const std::size_t n = p.a.read_some(buffer, error);
        if (n == 1) {
          ++got_data;
        } else {
          EXPECT_EQ(n, 0u);
          EXPECT_TRUE(is_closed(error));
          ++got_closed;
        }
      });
      auto writer = weft::spawn([&] {
        std::error_code error;
        p.b.write_all("x", error);
      });
      for (int i = round % 7; i > 0; --i) weft::this_task::yield();
      p.a.close();
      reader.join();
      writer.join();
    }
    EXPECT_EQ(got_data + got_closed, 200);
  });
}

TEST_P(closing, by_many_at_once_is_done_once) {
  run([] {
    for (int round = 0; round < 30; ++round) {
      pair p;
      weft::wait_group all;
      all.add(5);
      for (int i = 0; i < 4; ++i) {
        weft::go([&] {
          p.a.close();
          all.done();
        });
      }
      weft::go([&] {
        char buffer[1];
        std::error_code error;
        p.a.read_some(buffer, error);
        EXPECT_TRUE(error);
        all.done();
      });
      all.wait();
      char buffer[1];
      EXPECT_EQ(p.b.read_some(buffer), 0u);
    }
  });
}

TEST_P(closing, an_idle_listener_or_connection_does_not_keep_run_from_ending) {
  net::listener listening;
  std::atomic<bool> unwound{false};
  run([&] {
    listening = local_listener();
    weft::go([&] {
      try {
        listening.accept();
      } catch (const weft::task_cancelled&) {
        unwound = true;
        throw;
      }
    });
    settle();
  });
  EXPECT_TRUE(unwound);
  EXPECT_TRUE(listening.is_open());
}

}  // namespace
