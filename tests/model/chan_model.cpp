// runtime/chan under the explorer, over the waiting protocol of runtime/task: channels and select
// with their own sources and the public operations.
//   A value that was sent is received once, in order; nobody who waits is forgotten.
//   A select does one of its cases, also when it meets another select; otherwise is taken only if
//   at one moment nothing was ready. A cancelled wait had no effect; who waits keeps the channel
//   alive.
#if defined(__GNUC__) && !defined(__clang__)
// An array of which only those elements are read that were written, under the same condition.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#include <algorithm>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <utility>
#include <vector>

#include "seam.hpp"

// The public header knows only std::atomic; here its words are the explorer's.
namespace std {
template <class T>
using explored_atomic = weft::model::atomic<T>;
}  // namespace std
#include <weft/detail/export.hpp>
#define atomic explored_atomic
#include <weft/detail/chan_core.hpp>
#undef atomic

#include "runtime/chan/chan.cpp"
#include "runtime/chan/chan_core.cpp"
#include "runtime/chan/chan_select.cpp"
#include "runtime/chan/select.cpp"
#include "runtime/chan/select_locked.cpp"
#include "runtime/chan/timer_chan.cpp"
#include "runtime/task/error.cpp"
#include "runtime/task/wait.cpp"
#include "runtime/time/deadline.cpp"

#include <weft/chan.hpp>
#include <weft/select.hpp>

// Selects lock channels in the order of their addresses, so those must be the same in a replay: the
// memory of a channel comes from the explorer.
bool next_is_a_channel = false;
int live_channels = 0;

void* operator new(std::size_t bytes) {
  if (std::exchange(next_is_a_channel, false)) {
    ++live_channels;
    return weft::model::detail::allocate(bytes, alignof(std::max_align_t));
  }
  if (void* block = std::malloc(bytes)) return block;
  throw std::bad_alloc();
}
void operator delete(void* block) noexcept {
  if (weft::model::detail::is_allocated(block))
    --live_channels;  // the memory goes with the execution
  else
    std::free(block);
}
void operator delete(void* block, std::size_t) noexcept {
  operator delete(block);
}

namespace {

using namespace weft;

chan<int> new_channel(std::size_t capacity = 0) {
  next_is_a_channel = true;
  return make_chan<int>(capacity);
}

void send_and_receive(std::size_t capacity, int values) {
  model::make<model::seam>(std::size_t{2});
  auto& ch = model::make<chan<int>>(new_channel(capacity));
  model::thread("sender", [&, values] {
    for (int i = 1; i <= values; ++i) ch.send(i);
    ch.close();
  });
  model::thread("receiver", [&, values] {
    for (int i = 1; i <= values; ++i) model::check(ch.recv() == i, "in order");
    model::check(!ch.recv(), "closed and drained");
  });
  model::join_all();
}

void two_senders() {
  model::make<model::seam>(std::size_t{3});
  auto& ch = model::make<chan<int>>(new_channel());
  model::thread("sender 1", [&] { ch.send(1); });
  model::thread("sender 2", [&] { ch.send(2); });
  model::thread("receiver", [&] {
    const int first = *ch.recv();
    model::check(first + *ch.recv() == 3, "both, once each");
  });
  model::join_all();
}

struct pair {
  chan<int> a, b;
};

// The other side does each of its two sends only once.
void select_of_two_receives() {
  model::make<model::seam>(std::size_t{3});
  auto& s = model::make<pair>(pair{new_channel(), new_channel()});
  model::thread("sends a", [&] { s.a.send(1); });
  model::thread("sends b", [&] { s.b.send(2); });
  model::thread("selects", [&] {
    int sum = 0;
    for (int i = 0; i < 2; ++i) {
      int v = 0;
      const int chosen = select(recv(s.a, v), recv(s.b, v));
      model::check(v == chosen + 1, "the value of the case");
      sum += v;
    }
    model::check(sum == 3, "both, once each");
  });
  model::join_all();
}

// Two selects that offer and ask on the same channels: what one sends the other receives.
void two_selects_meet() {
  model::make<model::seam>(std::size_t{2});
  auto& s = model::make<pair>(pair{new_channel(), new_channel()});
  int first = -1, second = -1;
  int got_first = 0, got_second = 0;
  model::thread("first", [&] { first = select(send(s.a, 1), recv(s.b, got_first)); });
  model::thread("second", [&] { second = 1 - select(send(s.b, 2), recv(s.a, got_second)); });
  model::join_all();
  model::check(first == second, "the same channel");
  model::check(first == 0 ? got_second == 1 && got_first == 0 : got_first == 2 && got_second == 0,
               "the value that was sent");
}

// A value is in one channel before it is taken from the other: at every moment one of them is
// ready.
void move_values(pair& s, int times) {
  for (int i = 0; i < times; ++i) {
    s.b.send(2);
    (void)s.a.try_recv();
    s.a.send(1);
    (void)s.b.try_recv();
  }
}

void otherwise_sees_one_moment() {
  model::make<model::seam>(std::size_t{2});
  auto& s = model::make<pair>(pair{new_channel(1), new_channel(1)});
  s.a.send(1);
  model::thread("moves", [&] {
    s.b.send(2);
    (void)s.a.try_recv();
  });
  model::thread("selects", [&] {
    model::check(select(recv(s.b), recv(s.a), otherwise()) != 2, "one of them was always ready");
  });
  model::join_all();
}

// The second step of a select alone, which has the less to go by.
void looks_see_one_moment(bool a_first, int times) {
  model::make<model::seam>(std::size_t{2});
  auto& s = model::make<pair>(pair{new_channel(1), new_channel(1)});
  s.a.send(1);
  model::thread("moves", [&, times] { move_values(s, times); });
  model::thread("looks", [&, a_first] {
    detail::select_case cases[2];
    cases[0].ops = cases[1].ops = &detail::chan_recv_ops;
    cases[a_first ? 0 : 1].object = detail::chan_access::head(s.a);
    cases[a_first ? 1 : 0].object = detail::chan_access::head(s.b);
    model::check(!rt::selecting::none_was_ready(cases, 2), "one of them was always ready");
  });
  model::join_all();
}

void close_lets_everybody_go() {
  model::make<model::seam>(std::size_t{3});
  auto& ch = model::make<chan<int>>(new_channel());
  model::thread("receiver", [&] { model::check(!ch.recv(), "closed"); });
  model::thread("selects", [&] {
    bool ok = true;
    int v = 0;
    model::check(select(recv(ch, v, ok)) == 0 && !ok, "closed");
  });
  model::thread("closer", [&] { ch.close(); });
  model::join_all();
}

void close_and_send() {
  model::make<model::seam>(std::size_t{2});
  auto& ch = model::make<chan<int>>(new_channel());
  model::thread("sender", [&] {
    bool threw = false;
    try {
      ch.send(1);
    } catch (const closed_channel&) {
      threw = true;
    }
    model::check(threw, "nobody receives");
  });
  model::thread("closer", [&] { ch.close(); });
  model::join_all();
}

// The receiver has the value or was cancelled; in that case the value is still the sender's.
void cancelled_receive() {
  auto& tasks = model::make<model::seam>(std::size_t{3});
  auto& ch = model::make<chan<int>>(new_channel());
  bool received = false, sent = false;
  model::thread("receiver", [&] {
    try {
      received = ch.recv() == 1;
    } catch (const task_cancelled&) {
    }
  });
  model::thread("sender", [&] { sent = ch.try_send(1); });
  model::thread("canceller", [&] { rt::cancel_task(tasks.task_of(1)); });
  model::join_all();
  model::check(sent == received, "sent if and only if received");
}

void cancelled_select() {
  auto& tasks = model::make<model::seam>(std::size_t{3});
  auto& s = model::make<pair>(pair{new_channel(), new_channel()});
  bool received = false, sent = false;
  model::thread("selects", [&] {
    try {
      int v = 0;
      received = select(recv(s.a, v), recv(s.b, v)) == 0 && v == 1;
    } catch (const task_cancelled&) {
    }
  });
  model::thread("sender", [&] { sent = s.a.try_send(1); });
  model::thread("canceller", [&] { rt::cancel_task(tasks.task_of(1)); });
  model::join_all();
  model::check(sent == received, "sent if and only if received");
}

// The last handle goes while a task waits in a call that was made through it, and is cancelled.
void last_handle_goes() {
  live_channels = 0;
  auto& tasks = model::make<model::seam>(std::size_t{2});
  auto& ch = model::make<chan<int>>(new_channel());
  detail::chan_head* const head = detail::chan_access::head(ch);
  model::thread("receiver", [&, head] {
    int v = 0;
    try {
      (void)detail::chan_recv_until(head, &v, detail::no_deadline, nullptr);
    } catch (const task_cancelled&) {
    }
  });
  model::thread("ends", [&] {
    while ((head->look() & detail::chan_head::receivers) == 0) rt::cpu_relax();
    ch = {};
    rt::cancel_task(tasks.task_of(1));
  });
  model::join_all();
  model::check(live_channels == 0, "the channel has gone");
}

// Two tasks look at a channel and give up their handles; the last one ends it.
void handles_go() {
  live_channels = 0;
  model::make<model::seam>(std::size_t{2});
  auto& s = model::make<pair>();
  s.a = new_channel();
  s.b = s.a;
  model::thread("first", [&] {
    (void)s.a.len();
    s.a = {};
  });
  model::thread("second", [&] {
    (void)s.b.len();
    s.b = {};
  });
  model::join_all();
  model::check(live_channels == 0, "the channel has gone");
}

}  // namespace

int main(int argc, char** argv) {
  const weft::model::options two{.preemptions = 3, .stale_reads = 1, .membarrier = true};
  const weft::model::options two_long{.preemptions = 2, .stale_reads = 1, .membarrier = true};
  const weft::model::options long_look{.preemptions = 4, .stale_reads = 2, .membarrier = true};
  const weft::model::options late_look{.preemptions = 2, .stale_reads = 3, .membarrier = true};
  const weft::model::options three{.preemptions = 2, .stale_reads = 0, .membarrier = true};
  return weft::model::verify(
      argc, argv,
      {
          {"unbuffered", two_long, [] { send_and_receive(0, 2); }},
          {"buffered", two_long, [] { send_and_receive(1, 3); }},
          {"two senders", three, two_senders},
          {"select of two receives", three, select_of_two_receives},
          {"two selects meet", two, two_selects_meet},
          {"otherwise: one moment", two, otherwise_sees_one_moment},
          {"looks: comes and goes", long_look, [] { looks_see_one_moment(true, 2); }},
          {"looks: other order", late_look, [] { looks_see_one_moment(false, 1); }},
          {"close lets everybody go", three, close_lets_everybody_go},
          {"close and send", two, close_and_send},
          {"cancelled receive", three, cancelled_receive},
          {"cancelled select", three, cancelled_select},
          {"last handle goes", two, last_handle_goes},
          {"handles go", two, handles_go},
      },
      {
          {"cancel_state.*", "shown by task_state_model"},
          {"winner.*", "shown by winner_model"},
      });
}
