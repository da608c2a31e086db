// netpoll/poll_desc.hpp under the explorer, with a kernel of one socket whose events are edges.
//   An event is not lost, whether it comes before, during or after the way to wait.
//   A descriptor number is used only by who holds it, and closed once, when nobody does.
//   Whoever waits learns of the end and of a new deadline; events of an earlier use do nothing.
#include "netpoll/poll_desc.hpp"

#include "explorer/suite.hpp"
#include "runtime/base/futex.hpp"
#include "runtime/task/waiter.hpp"

namespace {

using namespace weft;
using np::access;
using np::io_outcome;
using np::side;

struct task : rt::waiter {
  task() : waiter(rt::waiter_kind::task) {}
  rt::atomic<std::uint32_t> ready{0};  // the run queue, which orders by itself

  void park() {
    while (ready.load(std::memory_order_acquire) == 0) rt::futex_wait(ready, 0);
    model::check(ready.exchange(0, std::memory_order_relaxed) == 1, "one wake a park");
  }
  void make_ready() {
    model::check(ready.exchange(1, std::memory_order_release) == 0, "made ready once");
    rt::futex_wake(ready, 1);
  }
};

// What is behind a descriptor number. System calls order themselves by the kernel's locks.
struct kernel {
  rt::spin_lock lock;
  bool has_data = false;
  bool registered = false;
  np::poll_tag tag = 0;
  bool event = false;            // waits for the poller
  rt::atomic<bool> over{false};  // the poller may go
  rt::plain<bool> is_open{true};

  void add(np::poll_tag t) {
    const rt::spin_guard guard(lock);
    registered = true;
    tag = t;
    event = event || has_data;
  }
  void data_arrives() {
    const rt::spin_guard guard(lock);
    has_data = true;
    event = event || registered;
  }
  bool read() {
    model::check(is_open, "the number is valid");
    const rt::spin_guard guard(lock);
    return has_data;
  }
  bool take_event(np::poll_tag& t) {
    const rt::spin_guard guard(lock);
    t = tag;
    return std::exchange(event, false);
  }
};

struct world {
  kernel socket;
  np::poll_desc desc;
  task reader;
  rt::atomic<int> freed{0};
  rt::atomic<std::int64_t> clock{0};

  explicit world(int fd = 3) {
    desc.set_index(1);
    desc.open(fd);
  }
};

struct environment {
  world& w;
  rt::waiter* to_wake = nullptr;

  std::int64_t now_ns() { return w.clock.load(std::memory_order_relaxed); }
  std::uint32_t epoch() { return 1; }
  int add(int, np::poll_tag tag) {
    w.socket.add(tag);
    return 0;
  }
  void remove(int) {
    const rt::spin_guard guard(w.socket.lock);
    w.socket.registered = false;
    w.socket.event = false;
  }
  // As rt::wait_one().
  rt::wait_result park(rt::spin_lock& lock, rt::wait_queue& queue, rt::wait_node& node,
                       std::int64_t) {
    node.who = &w.reader;
    queue.push_back(node);
    lock.unlock();
    w.reader.park();
    return node.result;
  }
  void wake(rt::waiter& who) { to_wake = &who; }
  void wake_outside(rt::wait_node&) { model::fail("nobody waits in poll(2)"); }
  void wake_all_now() {
    if (to_wake != nullptr) static_cast<task*>(to_wake)->make_ready();
  }
  void relax() { rt::cpu_relax(); }
};

// The slot goes back to the pool when the last reference is gone.
void reference_gone(world& w, bool last) {
  if (last) model::check(w.freed.exchange(1, std::memory_order_relaxed) == 0, "freed once");
}

io_outcome read_something(world& w) {
  environment env{w};
  np::turn t;
  io_outcome outcome = w.desc.begin(t, env);
  while (outcome == io_outcome::go_on && !w.socket.read()) outcome = w.desc.wait(t, env);
  if (t.active) reference_gone(w, w.desc.end(t));
  return outcome;
}

void poller_loop(world& w) {
  while (!w.socket.over.load(std::memory_order_acquire)) {
    np::poll_tag tag = 0;
    if (!w.socket.take_event(tag)) {
      rt::cpu_relax();
      continue;
    }
    rt::waiter* woken = nullptr;
    w.desc.on_event(np::tag_generation(tag), true, false, [&](rt::waiter& who) { woken = &who; });
    if (woken != nullptr) static_cast<task*>(woken)->make_ready();
  }
}

bool close_socket(world& w) {
  environment env{w};
  const int fd = w.desc.close(env);
  if (fd < 0) return false;
  model::check(fd == 3, "its number");
  w.socket.is_open = false;
  return true;
}

void event_and_wait() {
  auto& w = model::make<world>();
  model::thread("reader", [&] {
    model::check(read_something(w) == io_outcome::go_on, "it reads");
    w.socket.over.store(true, std::memory_order_release);
  });
  model::thread("peer", [&] { w.socket.data_arrives(); });
  model::thread("poller", [&] { poller_loop(w); });
  model::join_all();
}

void close_and_wait() {
  auto& w = model::make<world>();
  model::thread("reader", [&] {
    const io_outcome outcome = read_something(w);
    model::check(outcome == io_outcome::closed || outcome == io_outcome::not_open, "it is told");
  });
  model::thread("closer", [&] {
    model::check(close_socket(w), "it closes");
    reference_gone(w, w.desc.release());
  });
  model::join_all();
  model::check(w.freed.load(std::memory_order_relaxed) == 1, "the slot is free");
}

void two_close() {
  auto& w = model::make<world>();
  rt::atomic<int>& closed = model::make<rt::atomic<int>>(0);
  for (const char* name : {"closer 1", "closer 2"}) {
    model::thread(name,
                  [&] { closed.fetch_add(close_socket(w) ? 1 : 0, std::memory_order_relaxed); });
  }
  model::thread("reader", [&] { (void)read_something(w); });
  model::join_all();
  model::check(closed.load(std::memory_order_relaxed) == 1, "the number is closed once");
}

void deadline_while_waiting() {
  auto& w = model::make<world>();
  w.clock.store(5, std::memory_order_relaxed);
  model::thread("reader", [&] {
    model::check(read_something(w) == io_outcome::timed_out, "the deadline ends it");
  });
  model::thread("setter", [&] {
    environment env{w};
    model::check(w.desc.set_deadline(true, false, 4, env), "open");
    env.wake_all_now();
  });
  model::join_all();
}

// An event of the first use is still on its way when the slot is used again.
void event_of_an_earlier_use() {
  auto& w = model::make<world>();
  environment env{w};
  const std::uint32_t first_use = 1;
  model::thread("old event", [&] {
    w.desc.on_event(first_use, true, true, [](rt::waiter&) { model::fail("woken by the past"); });
  });
  model::thread("user", [&] {
    model::check(close_socket(w), "it closes");
    reference_gone(w, w.desc.release());
    w.desc.open(4);
    np::turn t;
    model::check(w.desc.begin(t, env) == io_outcome::go_on, "the second use");
    const std::uint32_t seen = t.seen;
    model::check(w.desc.again(t, env) == io_outcome::go_on && t.seen == seen, "nothing happened");
    (void)w.desc.end(t);
  });
  model::join_all();
}

}  // namespace

int main(int argc, char** argv) {
  return weft::model::verify(
      argc, argv,
      {
          {"close and wait", {.preemptions = 3, .stale_reads = 1}, close_and_wait},
          {"deadline while waiting", {.preemptions = 3, .stale_reads = 1}, deadline_while_waiting},
          {"event of an earlier use",
           {.preemptions = 3, .stale_reads = 1},
           event_of_an_earlier_use},
          {"event and wait", {.preemptions = 2, .stale_reads = 0}, event_and_wait},
          {"two close", {.preemptions = 2, .stale_reads = 0}, two_close},
      });
}
