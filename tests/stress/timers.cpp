// Timers, tickers, functions called later, and sleeps: stopped and reset at every moment. Each time
// that a timer was armed either its tick was taken, once, or stop() or reset() said that it was
// pending.
#include <vector>

#include "tests/stress/stress.hpp"

namespace weft_stress {
namespace {

using std::chrono::steady_clock;

void one_owner(rng random) {
  // Controller and reader are one: every answer is known.
  weft::timer t(random.up_to_us(150));
  bool armed = true;
  steady_clock::time_point due{};
  for (int turn = round::size(150); turn > 0; --turn) {
    switch (random.below(6)) {
      case 0:
        STRESS_EQUAL(t.stop(), armed);
        armed = false;
        break;
      case 1:
      case 2: {
        const auto delay = random.up_to_us(150);
        due = steady_clock::now() + delay;
        STRESS_EQUAL(t.reset(delay), armed);
        armed = true;
        break;
      }
      case 3:
        if (!armed) {
          STRESS_CHECK(!t.chan().try_recv());
          STRESS_CHECK(!t.chan().recv_for(random.up_to_us(60)));
          break;
        }
        if (random.one_in(2)) {
          const auto tick = t.chan().recv();
          STRESS_CHECK(tick && *tick <= steady_clock::now() && *tick >= due);
          armed = false;
        } else if (const auto tick = t.chan().recv_for(random.up_to_us(150))) {
          STRESS_CHECK(*tick <= steady_clock::now() && *tick >= due);
          armed = false;
        }
        break;
      case 4: {
        steady_clock::time_point tick;
        const int chosen = weft::select(weft::recv(t.chan(), tick), weft::timeout(random.up_to_us(100)));
        if (chosen != 0) break;
        STRESS_CHECK(armed && tick <= steady_clock::now());
        armed = false;
        break;
      }
      default:
        if (t.chan().try_recv()) {
          STRESS_CHECK(armed);
          armed = false;
        }
        break;
    }
    count_steps();
  }
}

void many_owners(round& r) {
  weft::timer t(r.random.up_to_us(100));
  std::atomic<int> arms{1}, ticks{0}, taken_back{0};
  auto stop = weft::make_chan<void>();
  crew readers(r.random, true), controllers(r.random, true);
  for (int i = r.random.between(1, 4); i > 0; --i)
    readers.go([&, random = r.random.fork()]() mutable {
      for (;;) {
        const int chosen = random.one_in(2)
                               ? weft::select(weft::recv(t.chan()), weft::recv(stop))
                               : weft::select(weft::recv(t.chan()), weft::recv(stop),
                                              weft::timeout(random.up_to_us(100)));
        if (chosen == 1) return;
        if (chosen == 0) ++ticks;
      }
    });
  for (int i = r.random.between(1, 4); i > 0; --i)
    controllers.go([&, random = r.random.fork()]() mutable {
      for (int turn = round::size(100); turn > 0; --turn) {
        if (random.one_in(3)) {
          if (t.stop()) ++taken_back;
        } else {
          ++arms;
          if (t.reset(random.up_to_us(100))) ++taken_back;
        }
        if (random.one_in(3)) weft::sleep_for(random.up_to_us(100));
        count_steps();
      }
    });
  controllers.wait();
  if (t.stop()) ++taken_back;
  stop.close();
  readers.wait();
  STRESS_EQUAL(arms.load(), ticks.load() + taken_back.load());
}

void slow_reader(rng random) {
  const auto period = std::chrono::microseconds(random.between(1, 200));
  const auto begin = steady_clock::now();
  weft::ticker t(period);
  steady_clock::time_point last{};
  for (int turn = round::size(40); turn > 0; --turn) {
    const auto tick = t.chan().recv();
    STRESS_CHECK(tick && *tick > last && *tick <= steady_clock::now());
    STRESS_CHECK(*tick >= begin + period);
    last = *tick;
    if (random.one_in(3)) weft::sleep_for(random.up_to_us(500));
    count_steps();
  }
  STRESS_CHECK(t.stop());
  STRESS_CHECK(!t.stop());
  STRESS_CHECK(!t.chan().try_recv());
}

}  // namespace

void timers(round& r) {
  r.run([&] {
    crew players(r.random, true);
    for (int i = r.random.between(1, 5); i > 0; --i)
      players.go([random = r.random.fork()] { one_owner(random); });
    for (int i = r.random.between(1, 3); i > 0; --i)
      players.go([random = r.random.fork()] { slow_reader(random); });
    many_owners(r);
    players.wait();
  });
}

void functions_later(round& r) {
  ledger books;
  r.run([&] {
    std::atomic<int> arms{0}, calls{0}, taken_back{0};
    crew players(r.random, true);
    for (int i = r.random.between(1, 6); i > 0; --i)
      players.go([&, random = r.random.fork()]() mutable {
        for (int turn = round::size(12); turn > 0; --turn) {
          ++arms;
          weft::timer t = weft::after_func(
              random.up_to_us(100), [&calls, held = std::make_shared<token>(books, 1)] {
                STRESS_CHECK(held->has_value());
                ++calls;
              });
          for (int k = random.below(8); k > 0; --k) {
            if (random.one_in(2)) weft::sleep_for(random.up_to_us(120));
            if (random.one_in(3)) {
              if (t.stop()) ++taken_back;
            } else {
              ++arms;
              if (t.reset(random.up_to_us(100))) ++taken_back;
            }
            count_steps();
          }
          if (random.one_in(2) && t.stop()) ++taken_back;
        }
      });
    players.wait();
    // What was not taken back will be called; nothing else is.
    while (arms.load() != calls.load() + taken_back.load()) weft::sleep_for(std::chrono::microseconds(100));
    weft::sleep_for(std::chrono::microseconds(300));
    STRESS_EQUAL(arms.load(), calls.load() + taken_back.load());
  });
  books.check();
}

void sleepers(round& r) {
  r.run([&] {
    crew players(r.random, true);
    for (int i = r.random.between(1, 60); i > 0; --i)
      players.go([random = r.random.fork()]() mutable {
        for (int turn = round::size(30); turn > 0; --turn) {
          const auto d = random.up_to_us(400) - std::chrono::microseconds(20);
          const auto end = steady_clock::now() + d;
          switch (random.below(4)) {
            case 0:
              weft::sleep_until(end);
              break;
            case 1:
              STRESS_EQUAL(weft::select(weft::timeout(d), weft::recv(weft::chan<int>())), 0);
              break;
            case 2:
              STRESS_CHECK(!weft::make_chan<int>().recv_for(d));
              break;
            default:
              weft::sleep_for(d);
              break;
          }
          STRESS_CHECK(steady_clock::now() >= end);
          count_steps();
        }
      });
    players.wait();
  });
}

}  // namespace weft_stress
