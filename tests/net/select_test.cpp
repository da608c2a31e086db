// readable() and writable() among other cases of a select.
#include <atomic>
#include <thread>

#include "tests/net/net_support.hpp"

namespace {

using namespace weft_test;

class select_io : public on_workers {};
WEFT_ON_WORKERS(select_io);

TEST_P(select_io, waits_for_bytes_beside_a_channel) {
  run([] {
    pair p;
    auto quit = weft::make_chan<void>();
    for (int round = 0; round < 20; ++round) {
      auto writer = weft::spawn([&] {
        if (round % 2 == 0) settle();
        p.b.write_all("x");
      });
      EXPECT_EQ(weft::select(weft::recv(quit), weft::readable(p.a)), 1);
      EXPECT_EQ(read_text(p.a, 1), "x");
      writer.join();
    }
    auto ender = weft::spawn([&] { quit.close(); });
    bool called = false;
    EXPECT_EQ(weft::select(weft::readable(p.a), weft::recv(quit, [&] { called = true; })), 1);
    EXPECT_TRUE(called);
    ender.join();
  });
}

TEST_P(select_io, takes_otherwise_and_timeouts_when_nothing_is_there) {
  run([] {
    pair p;
    EXPECT_EQ(weft::select(weft::readable(p.a), weft::otherwise()), 1);
    EXPECT_EQ(weft::select(weft::readable(p.a), weft::timeout(2ms)), 1);
    p.b.write_all("x");
    net::wait_readable(p.a.native_handle());
    EXPECT_EQ(weft::select(weft::readable(p.a), weft::otherwise()), 0);
    EXPECT_EQ(weft::select(weft::readable(p.a), weft::timeout(0ms)), 0);
  });
}

TEST_P(select_io, both_sides_and_a_listener) {
  run([] {
    pair p;
    EXPECT_EQ(weft::select(weft::readable(p.a), weft::writable(p.a)), 1);
    net::listener listening = local_listener();
    auto dialler = weft::spawn([&] { return dial(listening); });
    EXPECT_EQ(weft::select(weft::readable(listening), weft::readable(p.a)), 0);
    EXPECT_TRUE(listening.accept().is_open());
    dialler.join();
    p.a.set_write_deadline(from_now(10ms));
    std::error_code full;
    p.a.write_all(too_much(), full);
    auto reader = weft::spawn([&] {
      std::array<char, 4096> block;
      while (p.b.read_some(block) > 0) {
      }
    });
    EXPECT_EQ(weft::select(weft::readable(p.a), weft::writable(p.a)), 1);
    p.a.close();
    reader.join();
  });
}

TEST_P(select_io, the_end_is_ready) {
  run([] {
    pair p;
    auto closer = weft::spawn([&] {
      settle();
      p.b.close();
    });
    EXPECT_EQ(weft::select(weft::readable(p.a)), 0);
    EXPECT_EQ(p.a.read_some(std::array<char, 1>{}), 0u);
    closer.join();
  });
}

TEST_P(select_io, close_ends_it) {
  run([] {
    pair p;
    auto closer = weft::spawn([&] {
      settle();
      p.a.close();
    });
    EXPECT_EQ(weft::select(weft::readable(p.a)), 0);
    closer.join();
    EXPECT_EQ(weft::select(weft::readable(p.a)), 0);
    std::error_code error;
    char buffer[1];
    p.a.read_some(buffer, error);
    EXPECT_EQ(error, std::errc::bad_file_descriptor);
  });
}

TEST_P(select_io, one_that_was_never_open_is_never_ready) {
  run([] {
    net::conn none;
    EXPECT_EQ(weft::select(weft::readable(none), weft::timeout(1ms)), 1);
  });
}

TEST_P(select_io, a_new_deadline_is_no_reason) {
  run([] {
    pair p;
    auto mover = weft::spawn([&] {
      settle();
      p.a.set_deadline(from_now(-1s));
      settle();
      p.a.set_deadline({});
      p.b.write_all("x");
    });
    EXPECT_EQ(weft::select(weft::readable(p.a)), 0);
    EXPECT_EQ(read_text(p.a, 1), "x");
    mover.join();
  });
}

TEST_P(select_io, cancellation) {
  run([] {
    pair p;
    auto t = weft::spawn([&] { weft::select(weft::readable(p.a), weft::writable(net::conn())); });
    settle();
    t.cancel();
    EXPECT_THROW(t.join(), weft::task_ended);
    p.b.write_all("x");
    EXPECT_EQ(read_text(p.a, 1), "x");
  });
}

TEST_P(select_io, in_a_set) {
  run([] {
    pair p, q;
    weft::select_set set;
    int of_p = 0, of_q = 0;
    set.add(weft::readable(p.a, [&] { of_p += read_text(p.a, 1) == "p"; }));
    set.add(weft::readable(q.a, [&] { of_q += read_text(q.a, 1) == "q"; }));
    auto writer = weft::spawn([&] {
      for (int i = 0; i < 10; ++i) {
        p.b.write_all("p");
        weft::this_task::yield();
        q.b.write_all("q");
      }
    });
    for (int i = 0; i < 20; ++i) set.wait();
    EXPECT_EQ(of_p, 10);
    EXPECT_EQ(of_q, 10);
    writer.join();
  });
}

TEST(select_io_of_threads, works_while_a_runtime_runs) {
  EXPECT_THROW(weft::select(weft::readable(net::conn())), weft::error);
  run(2, [] {
    pair p;
    std::atomic<bool> ended{false};
    std::thread selects([&] {
      EXPECT_EQ(weft::select(weft::readable(p.a)), 0);
      EXPECT_EQ(read_text(p.a, 1), "x");
      ended = true;
    });
    settle();
    p.b.write_all("x");
    yield_until(ended);
    selects.join();
  });
}

TEST(select_io_of_threads, the_end_of_the_run_ends_it) {
  pair p;
  std::thread selects;
  run(2, [&] {
    std::atomic<bool> started{false};
    selects = std::thread([&] {
      started = true;
      try {
        weft::select(weft::readable(p.a));
      } catch (const weft::error&) {  // came too late
      }
    });
    yield_until(started);
    settle();
  });
  selects.join();
}

}  // namespace
