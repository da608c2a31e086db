// What blocks a thread, and threads that outlive a run: blocking regions in numbers, and plain
// threads that use channels, locks and spawn while runs come and go.
#include <mutex>
#include <stdexcept>

#include "tests/stress/stress.hpp"

namespace weft_stress {

void blockers(round& r) {
  std::atomic<int> results{0};
  r.run([&] {
    weft::mutex lock;
    int guarded = 0;
    auto ch = weft::make_chan<int>();
    crew players(r.random, true);
    const int n = r.random.between(1, 12), turns = round::size(60);
    for (int i = 0; i < n; ++i)
      players.go([&, random = r.random.fork()]() mutable {
        const std::uint64_t id = weft::this_task::id();
        for (int turn = 0; turn < turns; ++turn) {
          switch (random.below(6)) {
            case 0:
              STRESS_EQUAL(weft::blocking([&] { return turn; }), turn);
              break;
            case 1:
              weft::blocking([&] { std::this_thread::sleep_for(random.up_to_us(300)); });
              break;
            case 2:
              // Inside, weft's own calls block the thread.
              weft::blocking([&] {
                std::scoped_lock held(lock);
                ++guarded;
              });
              break;
            case 3:
              weft::blocking([&] {
                if (!ch.send_for(1, random.up_to_us(200))) ch.try_recv();
              });
              break;
            case 4:
              try {
                weft::blocking([&] { throw std::runtime_error("out"); });
                fail(__FILE__, __LINE__, "the exception was lost");
              } catch (const std::runtime_error&) {
              }
              break;
            default: {
              ch.recv_for(random.up_to_us(200));
              std::scoped_lock held(lock);
              ++guarded;
              break;
            }
          }
          STRESS_EQUAL(weft::this_task::id(), id);
          if (random.one_in(4))
            weft::blocking([&] { weft::spawn([&] { ++results; }).join(); });
          count_steps();
        }
      });
    players.wait();
  });
}

// Channels also work when no runtime runs, and when one begins or ends under them.
void threads_across_runs(round& r) {
  auto ch = weft::make_chan<std::uint64_t>(static_cast<std::size_t>(r.random.below(3)));
  std::atomic<std::uint64_t> sent{0}, received{0}, tasks{0};
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i)
    threads.emplace_back([&, random = r.random.fork()]() mutable {
      weft::waker guard;
      for (std::uint64_t n = 1; !stop.load(); ++n) {
        if (ch.send_for(n, random.up_to_us(500))) sent += n;
        if (random.one_in(8)) std::this_thread::sleep_for(random.up_to_us(300));
        try {
          if (random.one_in(4)) weft::go([&tasks] { ++tasks; });
        } catch (const weft::error&) {
          // no runtime runs at this moment
        }
        count_steps();
      }
    });
  threads.emplace_back([&, random = r.random.fork()]() mutable {
    weft::waker guard;
    while (!stop.load()) {
      std::uint64_t v = 0;
      if (weft::select(weft::recv(ch, v), weft::timeout(random.up_to_us(300))) == 0) received += v;
    }
  });
  for (int turn = round::size(20); turn > 0; --turn) {
    static constexpr unsigned counts[] = {1, 2, 8, 32};
    r.workers = r.random.pick(counts);
    r.waits_at_exit = r.random.one_in(2);
    r.run([&] {
      weft::wait_group group;
      for (int i = r.random.below(6); i > 0; --i)
        group.go([&, random = r.random.fork()]() mutable {
          for (int k = random.below(20); k > 0; --k) {
            std::uint64_t v = 0;
            if (ch.recv_for(v, random.up_to_us(300)) == weft::chan_status::value) received += v;
            if (random.one_in(4) && ch.send_for(7, random.up_to_us(50))) sent += 7;
          }
        });
      group.wait();
    });
  }
  stop = true;
  for (std::thread& t : threads) t.join();
  ch.close();
  for (const std::uint64_t v : ch) received += v;
  STRESS_EQUAL(sent.load(), received.load());
}

}  // namespace weft_stress
