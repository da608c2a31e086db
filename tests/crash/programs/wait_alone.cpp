// Gets stuck in one kind of wait, which the argument names; the report must name it too. Where a
// wait needs somebody to hold something (a mutex, say) main holds it and receives from a channel
// that nobody sends to.
#include <cstdio>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <weft/weft.hpp>

namespace {

[[noreturn]] void wait_for_ever() {
  weft::make_chan<int>().recv();
  std::abort();
}

void chan_send() {
  weft::make_chan<int>().send(1);
}
void chan_send_full() {
  auto ch = weft::make_chan<int>(1);
  ch.send(1);
  ch.send(2);
}
void chan_receive() {
  weft::make_chan<int>().recv();
}
void chan_receive_buffered() {
  weft::make_chan<int>(3).recv();
}
void nil_send() {
  weft::chan<int>().send(1);
}
void nil_receive() {
  weft::chan<int>().recv();
}
void range() {
  for (int v : weft::make_chan<int>()) std::printf("%d\n", v);
}
void select_two() {
  auto a = weft::make_chan<int>();
  auto b = weft::make_chan<int>();
  weft::select(weft::recv(a), weft::send(b, 1));
}
void select_nil() {
  weft::select(weft::recv(weft::chan<int>()), weft::send(weft::chan<int>(), 1));
}
void select_self() {
  auto ch = weft::make_chan<int>();
  weft::select(weft::recv(ch), weft::send(ch, 1));
}
void select_set() {
  weft::select_set set;
  set.recv(weft::make_chan<int>());
  set.wait();
}
void empty_select() {
  weft::select();
}
void wait_group() {
  weft::wait_group group;
  group.add();
  group.wait();
}
void condition_wait() {
  weft::mutex mutex;
  weft::condition_variable condition;
  std::unique_lock lock(mutex);
  condition.wait(lock);
}
void semaphore() {
  weft::semaphore(0).acquire();
}
void mutex_lock() {
  weft::mutex mutex;
  mutex.lock();
  weft::go([&] { mutex.lock(); });
  wait_for_ever();
}
void shared_mutex_lock() {
  weft::shared_mutex mutex;
  mutex.lock_shared();
  weft::go([&] { mutex.lock(); });
  wait_for_ever();
}
void shared_mutex_lock_shared() {
  weft::shared_mutex mutex;
  mutex.lock();
  weft::go([&] { mutex.lock_shared(); });
  wait_for_ever();
}
void join() {
  weft::spawn([] { wait_for_ever(); }).join();
}
void once() {
  weft::once once;
  weft::go([&] { once.call([] { wait_for_ever(); }); });
  weft::this_task::yield();
  once.call([] { wait_for_ever(); });
}
void barrier() {
  weft::barrier(2).arrive_and_wait();
}
void select_join() {
  auto other = weft::spawn([] { wait_for_ever(); });
  weft::select(weft::join(other), weft::recv(weft::make_chan<int>()));
}

const std::map<std::string, void (*)()> kinds = {
    {"chan_send", chan_send},
    {"chan_send_full", chan_send_full},
    {"chan_receive", chan_receive},
    {"chan_receive_buffered", chan_receive_buffered},
    {"nil_send", nil_send},
    {"nil_receive", nil_receive},
    {"range", range},
    {"select", select_two},
    {"select_nil", select_nil},
    {"select_self", select_self},
    {"select_set", select_set},
    {"empty_select", empty_select},
    {"wait_group", wait_group},
    {"condition_wait", condition_wait},
    {"semaphore", semaphore},
    {"mutex_lock", mutex_lock},
    {"shared_mutex_lock", shared_mutex_lock},
    {"shared_mutex_lock_shared", shared_mutex_lock_shared},
    {"join", join},
    {"once", once},
    {"barrier", barrier},
    {"select_join", select_join},
};

}  // namespace

int main(int argc, char** argv) {
  const auto kind = kinds.find(argc > 1 ? argv[1] : "");
  if (kind == kinds.end()) return 64;
  return weft::run([&] { kind->second(); });
}
