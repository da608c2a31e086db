// How runs end: main returns while tasks are anywhere, in each of the three ways; and runtimes of a
// host with its own main loop.
#include <mutex>
#include <vector>

#include "tests/stress/stress.hpp"

#include <weft/debug.hpp>

namespace weft_stress {
namespace {

// What remaining tasks use; outlives the run.
struct world {
  explicit world(round& r) {
    for (auto& c : ch) c = weft::make_chan<token>(static_cast<std::size_t>(r.random.below(3)));
  }
  weft::chan<token> ch[4];
  weft::mutex lock;
  weft::semaphore semaphore{1};
  ledger books;
  std::atomic<int> begun{0}, ended{0};

  // Takes part until it is cancelled, or for some turns.
  void live(rng random, int turns) {
    ++begun;
    struct at_end {
      std::atomic<int>& n;
      ~at_end() { ++n; }
    } after{ended};
    token mine(books, 1);
    for (; turns != 0; --turns) {
      const auto& c = ch[random.below(4)];
      switch (random.below(8)) {
        case 0:
          c.send_for(token(books, 2), random.up_to_us(100));
          break;
        case 1:
          weft::select(weft::recv(c), weft::recv(ch[0]), weft::timeout(random.up_to_us(100)));
          break;
        case 2: {
          std::scoped_lock held(lock);
          dawdle(random);
          break;
        }
        case 3:
          if (turns < 0) c.send(token(books, 3));
          break;
        case 4:
          if (turns < 0) c.recv();
          break;
        case 5:
          weft::blocking([&] { std::this_thread::sleep_for(random.up_to_us(50)); });
          break;
        case 6:
          try {
            weft::spawn([&, inner = random.fork()]() mutable { dawdle(inner); }).join();
          } catch (const weft::task_ended&) {
            // the end of the run has cancelled it first
          }
          break;
        default:
          weft::sleep_for(random.up_to_us(100));
          break;
      }
      weft::this_task::yield();
      count_steps();
    }
  }
};

}  // namespace

void leftovers(round& r) {
  world w(r);
  r.run([&] {
    for (int i = r.random.between(0, 40); i > 0; --i)
      weft::go([&w, turns = r.waits_at_exit ? r.random.below(10) : -1, random = r.random.fork()] {
        w.live(random, turns);
      });
    for (int i = r.random.below(20); i > 0; --i) dawdle(r.random);
    if (r.random.one_in(2)) weft::sleep_for(r.random.up_to_us(2000));
  });
  STRESS_EQUAL(w.begun.load(), w.ended.load());
  for (auto& c : w.ch) c = {};
  w.books.check();
}

// What is parked when main returns is dropped as it is: nothing of it runs on, takes a value or is
// counted in a later run.
void abandoned(round& r) {
  // Who waits for a channel keeps it; who is dropped waiting never lets go.
  static auto& lost = *new std::vector<weft::chan<int>>;
  auto ch = lost.emplace_back(weft::make_chan<int>());
  weft::semaphore none{0};
  std::atomic<int> ready{0}, called{0};
  weft::net::listener listener = weft::net::listen("tcp", "127.0.0.1:0");
  weft::options o = r.options();
  o.on_main_exit = weft::main_exit::abandon;
  const int n = r.random.between(0, 30);
  weft::run(o, [&] {
    for (int i = 0; i < n; ++i)
      weft::go([&, kind = r.random.below(7)] {
        ++ready;
        switch (kind) {
          case 0:
            ch.recv();
            break;
          case 1:
            weft::select(weft::recv(ch), weft::send(ch, 1), weft::readable(listener));
            break;
          case 2:
            none.acquire();
            break;
          case 3:
            weft::sleep_for(std::chrono::hours(1));
            break;
          case 4:
            weft::after_func(std::chrono::hours(1), [&] { ++called; });
            break;
          case 5:
            listener.accept();
            break;
          default:
            while (true) weft::this_task::yield();
        }
      });
    while (ready.load() != n) weft::this_task::yield();
    if (r.random.one_in(2)) weft::sleep_for(std::chrono::microseconds(200));
  });
  r.waits_at_exit = true;
  r.run([&] {
    STRESS_EQUAL(weft::debug::stats().live_tasks, 1u);
    STRESS_CHECK(!ch.try_send(1) && !ch.try_recv());
    none.release();
    STRESS_CHECK(none.try_acquire());
    auto done = weft::make_chan<void>();
    weft::after_func(std::chrono::microseconds(10), [done] { done.send(); });
    done.recv();
    auto dialling = weft::spawn(
        [where = listener.local_address().to_string()] { return weft::net::dial("tcp", where); });
    listener.accept();
    dialling.join();
  });
  STRESS_EQUAL(called.load(), 0);
  count_steps(static_cast<std::uint64_t>(n));
}

void embedded(round& r) {
  world w(r);
  for (int turn = r.random.between(1, 3); turn > 0; --turn) {
    weft::options o = r.options();
    o.on_deadlock = [](const weft::debug::deadlock_report&) {};  // a host thread may wake them
    weft::start(o);
    std::vector<std::thread> threads;
    for (int i = r.random.below(3); i > 0; --i)
      threads.emplace_back([&, random = r.random.fork()]() mutable {
        std::vector<weft::task<void>> held;
        for (int k = round::size(50); k > 0; --k) {
          if (random.one_in(2))
            held.push_back(weft::spawn([&w, inner = random.fork()] { w.live(inner, 5); }));
          else
            weft::go([&w, inner = random.fork()] { w.live(inner, 5); });
          if (random.one_in(4)) {
            for (auto& t : held) {
              if (random.one_in(2)) t.cancel();
              try {
                t.join();
              } catch (const weft::task_ended&) {
              }
            }
            held.clear();
          }
          if (random.one_in(8)) w.ch[0].try_recv();
        }
      });
    for (int i = r.random.below(20); i > 0; --i)
      weft::go([&w, turns = r.waits_at_exit ? 5 : -1, inner = r.random.fork()] { w.live(inner, turns); });
    for (std::thread& t : threads) t.join();
    weft::stop();
    STRESS_EQUAL(w.begun.load(), w.ended.load());
  }
  for (auto& c : w.ch) c = {};
  w.books.check();
}

}  // namespace weft_stress
