// Selects over many channels, in both directions, with duplicates, nil channels, callbacks and
// timeouts, as calls and as sets. Per channel what was sent is received once and in the order of
// each sender; a select never talks to itself.
#include <array>
#include <vector>

#include "tests/stress/stress.hpp"

namespace weft_stress {
namespace {

constexpr int channel_count = 6;
constexpr int most_players = 14;

using channel = weft::chan<std::uint64_t>;

struct table {
  std::array<channel, channel_count> ch;
  std::array<std::atomic<std::uint64_t>, channel_count> sent{}, received{};

  explicit table(rng& random) {
    for (channel& c : ch) {
      static constexpr std::size_t capacities[] = {0, 0, 0, 1, 2, 5};
      c = weft::make_chan<std::uint64_t>(random.pick(capacities));
    }
  }
};

// One participant: what it sends is numbered, what it sees is checked.
class player {
 public:
  player(table& t, int me, rng random) : t_(t), me_(me), random_(random) {}

  rng& random() { return random_; }

  std::uint64_t offer() { return static_cast<std::uint64_t>(me_) << 40 | ++number_; }
  void sent(int c) {
    t_.sent[static_cast<std::size_t>(c)].fetch_add(1, std::memory_order_relaxed);
    count_steps();
  }
  void received(int c, std::uint64_t v) {
    const std::size_t sender = v >> 40;
    STRESS_CHECK(sender < most_players);
    std::uint64_t& last = last_[static_cast<std::size_t>(c)][sender];
    STRESS_CHECK((v & 0xffffffffff) > last);
    last = v & 0xffffffffff;
    t_.received[static_cast<std::size_t>(c)].fetch_add(1, std::memory_order_relaxed);
  }
  // One in eight is nil.
  int any(channel& c) {
    const int i = random_.below(channel_count);
    c = random_.one_in(8) ? channel() : t_.ch[static_cast<std::size_t>(i)];
    return i;
  }

  // A select of four cases, the same channel perhaps in several of them. `waits`: with no way out.
  void select_four(bool waits) {
    channel a, b, c, d;
    const int ia = any(a), ib = any(b), ic = any(c), id = any(d);
    const std::uint64_t x = offer(), y = offer();
    std::uint64_t in = 0;
    bool ok = false;
    int chosen = 0;
    if (waits) {
      // A real channel for each direction, which the servants serve.
      a = t_.ch[static_cast<std::size_t>(ia)];
      chosen = weft::select(weft::recv(a, in, ok), weft::send(b, x), weft::recv(c, in, ok),
                            weft::send(d, y));
    } else {
      chosen = weft::select(weft::recv(a, in, ok), weft::send(b, x), weft::recv(c, in, ok),
                            weft::send(d, y), weft::timeout(random_.up_to_us(150)));
    }
    switch (chosen) {
      case 0:
      case 2:
        STRESS_CHECK(ok);
        STRESS_CHECK(in != x && in != y);
        received(chosen == 0 ? ia : ic, in);
        break;
      case 1:
        sent(ib);
        break;
      case 3:
        sent(id);
        break;
      default:
        break;
    }
  }

  void select_two() {
    channel a, b;
    const int ia = any(a), ib = any(b);
    const std::uint64_t x = offer();
    const int chosen = weft::select(
        weft::send(a, x, [&] { sent(ia); }),
        weft::recv(b,
                   [&](std::uint64_t v, bool ok) {
                     STRESS_CHECK(ok);
                     STRESS_CHECK(v != x);
                     received(ib, v);
                   }),
        weft::otherwise());
    STRESS_CHECK(chosen >= 0 && chosen <= 2);
  }

  void select_many() {
    weft::select_set set;
    const int cases = random_.between(1, 16);
    std::vector<int> of(static_cast<std::size_t>(cases));
    std::vector<std::uint64_t> offers(static_cast<std::size_t>(cases));
    std::uint64_t in = 0;
    for (std::size_t i = 0; i < of.size(); ++i) {
      channel c;
      of[i] = any(c);
      if (random_.one_in(2)) {
        offers[i] = offer();
        set.send(c, offers[i]);
      } else {
        set.recv(c, in);
      }
    }
    set.timeout(random_.up_to_us(100));
    for (int turn = 0; turn < 2; ++turn) {
      const int chosen = set.wait();
      if (chosen == cases) break;
      const auto i = static_cast<std::size_t>(chosen);
      if (offers[i] == 0) {
        received(of[i], in);
      } else {
        sent(of[i]);
        break;  // the same number a second time would be out of order
      }
    }
  }

  void play(int turns) {
    for (int i = 0; i < turns; ++i) {
      switch (random_.below(6)) {
        case 0:
          select_two();
          break;
        case 1:
          select_many();
          break;
        case 2:
        case 3:
          select_four(true);
          break;
        default:
          select_four(false);
          break;
      }
      dawdle(random_);
    }
  }

  // Sends to, or receives from, whatever is ready until told to stop.
  void serve(bool sends, const weft::recv_chan<void>& stop) {
    for (;;) {
      const std::uint64_t x = offer();
      std::uint64_t in = 0;
      auto& c = t_.ch;
      const int chosen =
          sends ? weft::select(weft::send(c[0], x), weft::send(c[1], x), weft::send(c[2], x),
                               weft::send(c[3], x), weft::send(c[4], x), weft::send(c[5], x),
                               weft::recv(stop))
                : weft::select(weft::recv(c[0], in), weft::recv(c[1], in), weft::recv(c[2], in),
                               weft::recv(c[3], in), weft::recv(c[4], in), weft::recv(c[5], in),
                               weft::recv(stop));
      if (chosen == channel_count) return;
      if (sends)
        sent(chosen);
      else
        received(chosen, in);
    }
  }

 private:
  table& t_;
  const int me_;
  rng random_;
  std::uint64_t number_ = 0;
  std::uint64_t last_[channel_count][most_players] = {};
};

void check_books(table& t) {
  for (std::size_t i = 0; i < channel_count; ++i)
    STRESS_EQUAL(t.sent[i].load(), t.received[i].load() + t.ch[i].len());
}

}  // namespace

void selects(round& r) {
  table t(r.random);
  r.run([&] {
    auto stop = weft::make_chan<void>();
    crew servants(r.random, false), players(r.random, true);
    int number = 0;
    for (int i = 0; i < 4; ++i)
      servants.go([&, me = number++, random = r.random.fork()] {
        std::make_unique<player>(t, me, random)->serve(me % 2 == 0, stop);
      });
    const int n = r.random.between(2, most_players - 4);
    for (int i = 0; i < n; ++i)
      players.go([&, me = number++, random = r.random.fork()] {
        std::make_unique<player>(t, me, random)->play(round::size(150));
      });
    players.wait();
    stop.close();
    servants.wait();
  });
  check_books(t);
}

// Channels close while selects wait on them: who sends is told, who receives gets what was left.
void selects_closing(round& r) {
  ledger books;
  std::array<std::atomic<std::uint64_t>, channel_count> sent{}, received{};
  r.run([&] {
    std::array<weft::chan<token>, channel_count> ch;
    for (auto& c : ch) c = weft::make_chan<token>(static_cast<std::size_t>(r.random.below(4)));
    crew players(r.random, true);
    for (int p = r.random.between(2, 12); p > 0; --p) {
      players.go([&, mine = ch, sends = p % 2 == 0, random = r.random.fork()]() mutable {
        int open = channel_count;
        while (open > 0) {
          const auto i = static_cast<std::size_t>(random.below(channel_count));
          const auto k = static_cast<std::size_t>(random.below(channel_count));
          int chosen = 0;
          if (sends) {
            token x(books, 1), y(books, 2);
            try {
              chosen = weft::select(weft::send(mine[i], std::move(x)), weft::send(mine[k], std::move(y)),
                                    weft::timeout(random.up_to_us(100)));
              if (chosen < 2) ++sent[chosen == 0 ? i : k];
              STRESS_CHECK(x.has_value() == (chosen != 0) && y.has_value() == (chosen != 1));
            } catch (const weft::closed_channel&) {
              STRESS_CHECK(x.has_value() && y.has_value());
              // One of the two; which one is not told.
              for (const std::size_t at : {i, k}) {
                if (!mine[at]) continue;
                try {
                  if (mine[at].try_send(token(books, 3))) ++sent[at];
                } catch (const weft::closed_channel&) {
                  mine[at] = {};
                  --open;
                }
              }
            }
          } else {
            std::optional<token> v;
            chosen = weft::select(weft::recv(mine[i], v), weft::recv(mine[k], v),
                                  weft::timeout(random.up_to_us(100)));
            if (chosen == 2) continue;
            const std::size_t at = chosen == 0 ? i : k;
            if (v) {
              ++received[at];
              STRESS_CHECK(v->has_value());
            } else {
              mine[at] = {};
              --open;
            }
          }
          count_steps();
        }
      });
    }
    for (auto& c : ch) {
      weft::sleep_for(r.random.up_to_us(1000));
      c.close();
    }
    players.wait();
    for (std::size_t i = 0; i < channel_count; ++i) {
      // Nobody may have received at all.
      for (token v : ch[i]) ++received[i];
      STRESS_EQUAL(sent[i].load(), received[i].load());
    }
  });
  books.check();
}

}  // namespace weft_stress
