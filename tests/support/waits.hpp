// Every kind of wait that a context, a cancellation or a success may end, with a scene in which it
// waits: how to wait, how to let it succeed, and what must hold afterwards.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <unistd.h>

#include <weft/weft.hpp>

namespace weft_test {

// One wait of one kind. wait() waits for what succeed() does; both are called once, by different
// tasks. check() is called after both are over, by a third.
class scene {
 public:
  virtual ~scene() = default;
  virtual void wait(const weft::context& ctx) = 0;
  virtual void wait() = 0;
  virtual void succeed() = 0;
  virtual void check(bool succeeded) = 0;
};

struct recv_scene : scene {
  weft::chan<int> ch = weft::make_chan<int>(1);
  std::optional<int> got;
  void wait(const weft::context& ctx) override { got = ch.recv(ctx); }
  void wait() override { got = ch.recv(); }
  void succeed() override { ch.send(7); }
  void check(bool succeeded) override {
    EXPECT_EQ(got.value_or(0), succeeded ? 7 : 0);
    EXPECT_EQ(ch.try_recv().has_value(), !succeeded) << "the value is received once or still there";
  }
};

struct range_scene : recv_scene {
  using recv_scene::wait;
  void wait(const weft::context& ctx) override {
    for (int v : ch.each(ctx)) {
      got = v;
      break;
    }
  }
};

struct send_scene : scene {
  weft::chan<std::unique_ptr<int>> ch = weft::make_chan<std::unique_ptr<int>>();
  std::unique_ptr<int> value = std::make_unique<int>(7);
  std::unique_ptr<int> got;
  void wait(const weft::context& ctx) override { ch.send(std::move(value), ctx); }
  void wait() override { ch.send(std::move(value)); }
  void succeed() override {
    if (auto v = ch.recv_for(std::chrono::milliseconds(2))) got = std::move(*v);
  }
  void check(bool succeeded) override {
    EXPECT_EQ(value == nullptr, succeeded) << "a value that was not sent is the caller's";
    EXPECT_EQ(got != nullptr, succeeded);
    EXPECT_FALSE(ch.try_recv());
  }
};

struct select_scene : recv_scene {
  void wait(const weft::context& ctx) override {
    int v = 0;
    weft::select_set set;
    set.recv(ch, v);
    set.wait(ctx);
    got = v;
  }
  void wait() override {
    int v = 0;
    weft::select(weft::recv(ch, v));
    got = v;
  }
};

template <class Mutex>
struct lock_scene : scene {
  Mutex m;
  weft::chan<void> quit = weft::make_chan<void>();
  weft::chan<void> held = weft::make_chan<void>();
  weft::task<void> holder = weft::spawn([this] {
    m.lock();
    held.close();
    quit.recv();
    m.unlock();
  });
  lock_scene() { held.recv(); }
  void wait(const weft::context& ctx) override {
    m.lock(ctx);
    m.unlock();
  }
  void wait() override {
    m.lock();
    m.unlock();
  }
  void succeed() override { quit.close(); }
  void check(bool) override {
    holder.join();
    EXPECT_TRUE(m.try_lock()) << "nobody holds it";
    m.unlock();
  }
};

struct lock_shared_scene : lock_scene<weft::shared_mutex> {
  void wait(const weft::context& ctx) override {
    m.lock_shared(ctx);
    m.unlock_shared();
  }
  void wait() override {
    m.lock_shared();
    m.unlock_shared();
  }
};

struct select_lock_scene : lock_scene<weft::mutex> {
  void wait(const weft::context& ctx) override {
    if (weft::select(weft::lock(m), weft::done(ctx)) == 1) std::rethrow_exception(ctx.cause());
    m.unlock();
  }
  void wait() override {
    weft::select(weft::lock(m));
    m.unlock();
  }
};

struct condition_scene : scene {
  weft::mutex m;
  weft::condition_variable changed;
  bool is_set = false;
  void wait(const weft::context& ctx) override {
    std::unique_lock held(m);
    const check_held at_end{m};
    changed.wait(held, [&] { return is_set; }, ctx);
  }
  void wait() override {
    std::unique_lock held(m);
    const check_held at_end{m};
    changed.wait(held, [&] { return is_set; });
  }
  void succeed() override {
    const std::lock_guard held(m);
    is_set = true;
    changed.notify_one();
  }
  void check(bool) override {
    EXPECT_TRUE(m.try_lock());
    m.unlock();
  }
  struct check_held {  // whichever way the wait ends
    weft::mutex& m;
    ~check_held() { EXPECT_FALSE(m.try_lock()); }
  };
};

struct semaphore_scene : scene {
  weft::semaphore s{1};
  void wait(const weft::context& ctx) override { s.acquire(3, ctx); }
  void wait() override { s.acquire(3); }
  void succeed() override { s.release(2); }
  void check(bool succeeded) override {
    EXPECT_EQ(s.try_acquire(3), !succeeded) << "units are taken once";
    EXPECT_FALSE(s.try_acquire(1));
  }
};

struct wait_group_scene : scene {
  weft::wait_group g;
  wait_group_scene() { g.add(); }
  void wait(const weft::context& ctx) override { g.wait(ctx); }
  void wait() override { g.wait(); }
  void succeed() override { g.done(); }
  void check(bool) override { g.wait(); }
};

struct join_scene : scene {
  weft::chan<void> quit = weft::make_chan<void>();
  weft::task<int> t = weft::spawn([quit = quit] {
    quit.recv();
    return 7;
  });
  int got = 0;
  void wait(const weft::context& ctx) override { got = t.join(ctx); }
  void wait() override { got = t.join(); }
  void succeed() override { quit.close(); }
  void check(bool succeeded) override {
    EXPECT_EQ(t.joinable(), !succeeded);
    if (!succeeded) got = t.join();
    EXPECT_EQ(got, 7);
  }
};

struct barrier_scene : scene {
  weft::barrier b{2};
  void wait(const weft::context& ctx) override { b.arrive_and_wait(ctx); }
  void wait() override { b.arrive_and_wait(); }
  void succeed() override {
    auto [ctx, cancel] = weft::with_timeout(weft::context(), std::chrono::milliseconds(2));
    try {
      b.arrive_and_wait(ctx);
      arrived = true;
    } catch (const weft::deadline_exceeded&) {
    }
  }
  void check(bool succeeded) override { EXPECT_EQ(arrived, succeeded) << "both or none"; }
  bool arrived = false;
};

struct group_scene : scene {
  weft::group g;
  weft::chan<void> quit = weft::make_chan<void>();
  group_scene() {
    g.go([quit = quit] { quit.recv(); });
  }
  void wait(const weft::context& ctx) override { g.wait(ctx); }
  void wait() override { g.wait(); }
  void succeed() override { quit.close(); }
  void check(bool) override { g.wait(); }
};

struct pipe_scene : scene {
  int ends[2] = {-1, -1};
  pipe_scene() { EXPECT_EQ(::pipe(ends), 0); }
  ~pipe_scene() override {
    ::close(ends[0]);
    ::close(ends[1]);
  }
  void wait(const weft::context& ctx) override { weft::net::wait_readable(ends[0], ctx); }
  void wait() override { weft::net::wait_readable(ends[0]); }
  void succeed() override { EXPECT_EQ(::write(ends[1], "x", 1), 1); }
  void check(bool) override { weft::net::wait_readable(ends[0]); }
};

struct read_scene : scene {
  weft::net::listener l = weft::net::listen("tcp", "127.0.0.1:0");
  weft::net::conn ours = weft::net::dial("tcp", l.local_address().to_string());
  weft::net::conn theirs = l.accept();
  char byte = 0;
  void wait(const weft::context& ctx) override { ours.read_some({&byte, 1}, ctx); }
  void wait() override { ours.read_some({&byte, 1}); }
  void succeed() override { theirs.write_all("x"); }
  void check(bool succeeded) override {
    if (!succeeded) ours.read_some({&byte, 1});
    EXPECT_EQ(byte, 'x') << "no byte is lost";
  }
};

struct accept_scene : scene {
  weft::net::listener l = weft::net::listen("tcp", "127.0.0.1:0");
  weft::net::conn dialled, accepted;
  void wait(const weft::context& ctx) override { accepted = l.accept(ctx); }
  void wait() override { accepted = l.accept(); }
  void succeed() override { dialled = weft::net::dial("tcp", l.local_address().to_string()); }
  void check(bool succeeded) override {
    if (!succeeded) accepted = l.accept();
    EXPECT_TRUE(accepted.is_open()) << "no connection is lost";
  }
};

struct wait_kind {
  std::string name;
  std::unique_ptr<scene> (*make)();
};

template <class Scene>
std::unique_ptr<scene> make_scene() {
  return std::make_unique<Scene>();
}

inline std::vector<wait_kind> wait_kinds() {
  return {{"recv", &make_scene<recv_scene>},
          {"range", &make_scene<range_scene>},
          {"send", &make_scene<send_scene>},
          {"select", &make_scene<select_scene>},
          {"mutex", &make_scene<lock_scene<weft::mutex>>},
          {"shared_mutex", &make_scene<lock_scene<weft::shared_mutex>>},
          {"lock_shared", &make_scene<lock_shared_scene>},
          {"select_lock", &make_scene<select_lock_scene>},
          {"condition", &make_scene<condition_scene>},
          {"semaphore", &make_scene<semaphore_scene>},
          {"wait_group", &make_scene<wait_group_scene>},
          {"join", &make_scene<join_scene>},
          {"barrier", &make_scene<barrier_scene>},
          {"group", &make_scene<group_scene>},
          {"pipe", &make_scene<pipe_scene>},
          {"read", &make_scene<read_scene>},
          {"accept", &make_scene<accept_scene>}};
}

}  // namespace weft_test
