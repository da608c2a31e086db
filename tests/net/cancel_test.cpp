// Cancellation of tasks in socket calls: before any effect, in the wait, during unwinding.
#include <atomic>

#include "tests/net/net_support.hpp"

namespace {

using namespace weft_test;

class cancelling : public on_workers {};
WEFT_ON_WORKERS(cancelling);

// Starts `call` in a task, cancels it once it waits, and tells that it threw task_cancelled.
template <class Call>
bool is_cancelled_in(Call call) {
  std::atomic<bool> thrown{false}, started{false};
  auto t = weft::spawn([&] {
    started = true;
    try {
      call();
    } catch (const weft::task_cancelled&) {
      thrown = true;
      throw;
    }
  });
  yield_until(started);
  settle();
  t.cancel();
  EXPECT_THROW(t.join(), weft::task_ended);
  return thrown;
}

TEST_P(cancelling, ends_each_kind_of_wait_in_both_forms) {
  run([] {
    pair p;
    net::listener listening = local_listener();
    char buffer[1];
    std::error_code error;
    EXPECT_TRUE(is_cancelled_in([&] { p.a.read_some(buffer); }));
    EXPECT_TRUE(is_cancelled_in([&] { p.a.read_some(buffer, error); }));
    EXPECT_TRUE(is_cancelled_in([&] { p.a.read_full(buffer); }));
    EXPECT_TRUE(is_cancelled_in([&] { listening.accept(); }));
    EXPECT_TRUE(is_cancelled_in([&] { listening.accept(error); }));
    EXPECT_TRUE(is_cancelled_in([&] { net::serve(listening, [](net::conn) {}); }));
    EXPECT_TRUE(is_cancelled_in([&] { net::wait_readable(p.a.native_handle()); }));
    pair full;
    EXPECT_TRUE(is_cancelled_in([&] { full.a.write_all(too_much()); }));
    EXPECT_TRUE(is_cancelled_in([&] {
      for (;;) full.a.write_some(too_much());
    }));
    p.a.set_deadline(from_now(1h));
    EXPECT_TRUE(is_cancelled_in([&] { p.a.read_some(buffer); }));
    // Nothing is left of them: others go on.
    p.a.set_deadline({});
    p.b.write_all("x");
    EXPECT_EQ(read_text(p.a, 1), "x");
    net::conn c = dial(listening);
    EXPECT_TRUE(listening.accept().is_open());
  });
}

TEST_P(cancelling, a_cancelled_tasks_call_has_no_effect) {
  run([] {
    pair p;
    p.b.write_all("kept");
    net::listener listening = local_listener();
    net::conn waiting = dial(listening);
    auto t = weft::spawn([&] {
      while (!weft::this_task::cancelled()) std::atomic_signal_fence(std::memory_order_seq_cst);
      int thrown = 0;
      char buffer[4];
      for (int i = 0; i < 4; ++i) {
        try {
          if (i == 0) p.a.read_some(buffer);
          if (i == 1) p.a.write_all("never sent");
          if (i == 2) listening.accept();
          if (i == 3) dial(listening);
        } catch (const weft::task_cancelled&) {
          ++thrown;
        }
      }
      EXPECT_EQ(thrown, 4);
    });
    t.cancel();
    try {
      t.join();
    } catch (const weft::task_ended&) {
    }
    EXPECT_EQ(read_text(p.a, 4), "kept");
    p.a.write_all("sent");
    EXPECT_EQ(read_text(p.b, 4), "sent");
    EXPECT_TRUE(listening.accept().is_open());
    listening.set_deadline(from_now(5ms));
    std::error_code error;
    listening.accept(error);
    EXPECT_EQ(error, std::errc::timed_out);
  });
}

TEST_P(cancelling, against_data_loses_nothing) {
  run([] {
    pair p;
    for (int round = 0; round < 100; ++round) {
      std::atomic<bool> got{false};
      auto t = weft::spawn([&] {
        char buffer[1];
        got = p.a.read_some(buffer) == 1;
      });
      auto writer = weft::spawn([&] { p.b.write_all("x"); });
      for (int i = round % 5; i > 0; --i) weft::this_task::yield();
      t.cancel();
      try {
        t.join();
      } catch (const weft::task_ended&) {
      }
      writer.join();
      if (!got) {
        EXPECT_EQ(read_text(p.a, 1), "x");
      }
    }
  });
}

TEST_P(cancelling, destructors_may_use_connections_while_unwinding) {
  run([] {
    pair p;
    struct says_goodbye {
      net::conn& c;
      ~says_goodbye() {
        c.write_all("bye");
        read_text(c, 2);
      }
    };
    auto t = weft::spawn([&] {
      says_goodbye last{p.a};
      char buffer[1];
      p.a.read_some(buffer);
    });
    settle();
    t.cancel();
    EXPECT_EQ(read_text(p.b, 3), "bye");
    p.b.write_all("ok");
    EXPECT_THROW(t.join(), weft::task_ended);
  });
}

}  // namespace
