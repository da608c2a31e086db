// Selects in numbers: random programs over a few channels, with everything accounted for at the
// end. A failure prints its seed; WEFT_SEED repeats it.
#include <array>
#include <chrono>
#include <cstdlib>
#include <random>
#include <vector>

#include "tests/support/run.hpp"

namespace {

using namespace std::chrono_literals;
using weft_test::on_workers;

class SelectStress : public on_workers {};
WEFT_ON_WORKERS(SelectStress);

unsigned seed() {
  if (const char* text = std::getenv("WEFT_SEED"))
    return static_cast<unsigned>(std::strtoul(text, nullptr, 10));
  return std::random_device()();
}

constexpr int n = weft_test::under_tsan ? 1500 : 5000;

// Four channels; for each a task that only sends and one that only receives, and beside them two
// tasks that select over all four. Every value goes through.
TEST_P(SelectStress, SendersReceiversAndSelectsOnTheSameChannels) {
  run([] {
    std::array<weft::chan<int>, 4> ch{weft::make_chan<int>(), weft::make_chan<int>(),
                                      weft::make_chan<int>(2), weft::make_chan<int>(3)};
    weft::wait_group all;
    for (int k = 0; k < 4; ++k) {
      all.go([&, k] {
        for (int i = 0; i < n; ++i) ch[k].send(i);
      });
      all.go([&, k] {
        for (int i = 0; i < n; ++i) ch[k].recv();
      });
    }
    all.go([&] {
      std::array<int, 4> left;
      left.fill(n);
      auto mine = ch;
      for (int i = 0; i < 4 * n; ++i) {
        const int k = weft::select(weft::send(mine[3], i), weft::send(mine[2], i),
                                   weft::send(mine[0], i), weft::send(mine[1], i));
        constexpr std::array<int, 4> channel_of{3, 2, 0, 1};
        if (--left[channel_of[k]] == 0)
          mine[channel_of[k]] = {};  // nil: the case is never ready again
      }
    });
    all.go([&] {
      std::array<int, 4> left;
      left.fill(n);
      auto mine = ch;
      for (int i = 0; i < 4 * n; ++i) {
        const int k = weft::select(weft::recv(mine[0]), weft::recv(mine[1]), weft::recv(mine[2]),
                                   weft::recv(mine[3]));
        if (--left[k] == 0) mine[k] = {};
      }
    });
    all.wait();
    for (auto& c : ch) EXPECT_EQ(c.len(), 0u);
  });
}

// Tasks that do random things; each unit that was sent is received exactly once in the end.
TEST_P(SelectStress, RandomOperationsKeepTheBooks) {
  const unsigned s = seed();
  SCOPED_TRACE("WEFT_SEED=" + std::to_string(s));
  run([s] {
    constexpr int channels = 5, tasks = 12;
    std::array<weft::chan<std::uint64_t>, channels> ch;
    for (int k = 0; k < channels; ++k) ch[k] = weft::make_chan<std::uint64_t>(k);
    std::atomic<std::uint64_t> sent{0}, received{0};
    std::atomic<int> sent_count{0}, received_count{0};
    weft::wait_group all;
    for (int t = 0; t < tasks; ++t) {
      all.go([&, t] {
        std::mt19937 random(s + static_cast<unsigned>(t));
        for (int i = 0; i < n / 5; ++i) {
          const std::uint64_t v = random();
          std::uint64_t in = 0;
          const auto& a = ch[random() % channels];
          const auto& b = ch[random() % channels];
          const auto& c = ch[random() % channels];
          const auto put = [&] {
            sent += v;
            ++sent_count;
          };
          const auto got = [&] {
            received += in;
            ++received_count;
          };
          switch (random() % 8) {
            case 0:
              if (a.try_send(v)) put();
              break;
            case 1:
              if (a.try_recv(in) == weft::chan_status::value) got();
              break;
            case 2:
              if (a.send_for(v, std::chrono::microseconds(random() % 200))) put();
              break;
            case 3:
              if (a.recv_for(in, std::chrono::microseconds(random() % 200)) ==
                  weft::chan_status::value)
                got();
              break;
            case 4:
              weft::select(weft::send(a, v, put),
                           weft::recv(b,
                                      [&](std::uint64_t x) {
                                        in = x;
                                        got();
                                      }),
                           weft::otherwise());
              break;
            default:
              switch (weft::select(weft::send(a, v), weft::recv(b, in), weft::recv(c, in),
                                   weft::send(b, v),
                                   weft::timeout(std::chrono::microseconds(random() % 300)))) {
                case 0:
                case 3:
                  put();
                  break;
                case 1:
                case 2:
                  got();
                  break;
                default:
                  break;
              }
          }
        }
      });
    }
    all.wait();
    for (auto& c : ch) {
      c.close();
      for (std::uint64_t v : c) {
        received += v;
        ++received_count;
      }
    }
    EXPECT_EQ(sent_count, received_count);
    EXPECT_EQ(sent, received);
  });
}

// Many selects wait on one pair of channels; each value wakes exactly one.
TEST_P(SelectStress, EachValueWakesOneOfManySelects) {
  run([] {
    auto a = weft::make_chan<int>();
    auto b = weft::make_chan<int>();
    constexpr int tasks = 100;
    std::atomic<int> woken{0};
    weft::wait_group all;
    for (int t = 0; t < tasks; ++t) {
      all.go([&, t] {
        if (t % 2 == 0) {
          weft::select(weft::recv(a), weft::recv(b));
        } else {
          weft::select(weft::recv(b), weft::recv(a));
        }
        ++woken;
      });
    }
    for (int i = 0; i < tasks; ++i) weft::select(weft::send(a, 1), weft::send(b, 1));
    all.wait();
    EXPECT_EQ(woken, tasks);
    EXPECT_FALSE(a.try_send(1));
    EXPECT_FALSE(b.try_send(1));
  });
}

}  // namespace
