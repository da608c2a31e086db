// Channels of several capacities and kinds of value, every form of send and receive, closed at the
// end or in between. What was sent is received once, in the order of each sender; an operand that
// was not sent is still there.
#include <array>
#include <optional>

#include "tests/stress/stress.hpp"

namespace weft_stress {
namespace {

using std::chrono::steady_clock;

enum class outcome { done, not_done, closed };

// (sender, number) in one word.
constexpr std::uint64_t name_of(int sender, int number) {
  return static_cast<std::uint64_t>(sender) << 32 | static_cast<std::uint32_t>(number);
}

template <class T>
outcome send_somehow(const weft::send_chan<T>& ch, T& value, rng& random) {
  const auto done_if = [](bool b) { return b ? outcome::done : outcome::not_done; };
  try {
    switch (random.below(9)) {
      case 0:
        return done_if(ch.try_send(std::move(value)));
      case 1:
        return done_if(ch.send_for(std::move(value), random.up_to_us(200)));
      case 2:
        return done_if(
            ch.send_until(std::move(value), steady_clock::now() + random.up_to_us(200)));
      case 3:
        return done_if(weft::select(weft::send(ch, std::move(value)), weft::otherwise()) == 0);
      case 4:
        return done_if(weft::select(weft::timeout(random.up_to_us(200)),
                                    weft::send(ch, std::move(value))) == 1);
      case 5:
        weft::select(weft::recv(weft::chan<int>()), weft::send(ch, std::move(value)));
        return outcome::done;
      default:
        ch.send(std::move(value));
        return outcome::done;
    }
  } catch (const weft::closed_channel&) {
    return outcome::closed;
  }
}

template <class T>
outcome receive_somehow(const weft::recv_chan<T>& ch, T& to, rng& random) {
  const auto from_status = [](weft::chan_status s) {
    if (s == weft::chan_status::value) return outcome::done;
    return s == weft::chan_status::closed ? outcome::closed : outcome::not_done;
  };
  bool ok = false;
  switch (random.below(10)) {
    case 0:
      return from_status(ch.try_recv(to));
    case 1:
      return from_status(ch.recv_for(to, random.up_to_us(200)));
    case 2:
      return from_status(ch.recv_until(to, steady_clock::now() + random.up_to_us(200)));
    case 3:
      if (weft::select(weft::recv(ch, to, ok), weft::otherwise()) != 0) return outcome::not_done;
      return ok ? outcome::done : outcome::closed;
    case 4: {
      std::optional<T> got;
      if (weft::select(weft::recv(ch, got), weft::timeout(random.up_to_us(200))) != 0)
        return outcome::not_done;
      if (!got) return outcome::closed;
      to = std::move(*got);
      return outcome::done;
    }
    case 5:
      weft::select(weft::recv(ch, [&](T v, bool has) {
                     to = std::move(v);
                     ok = has;
                   }),
                   weft::send(weft::chan<int>(), 1));
      return ok ? outcome::done : outcome::closed;
    case 6: {
      auto [v, has] = ch.recv_ok();
      to = std::move(v);
      return has ? outcome::done : outcome::closed;
    }
    default: {
      std::optional<T> got = ch.recv();
      if (!got) return outcome::closed;
      to = std::move(*got);
      return outcome::done;
    }
  }
}

struct totals {
  std::atomic<std::uint64_t> sent{0}, sent_sum{0};
  std::atomic<std::uint64_t> received{0}, received_sum{0};
};

constexpr int most_senders = 6;

template <class T>
void send_all(const weft::send_chan<T>& ch, int me, int count, ledger& books, totals& sums,
              rng random) {
  for (int i = 0; i < count; ++i) {
    const std::uint64_t name = name_of(me, i);
    T value = as_value<T>::make(books, name);
    outcome how = outcome::not_done;
    while ((how = send_somehow(ch, value, random)) == outcome::not_done) {
      STRESS_CHECK(as_value<T>::is_intact(value, name));
      if (random.one_in(4)) weft::this_task::yield();
    }
    if (how == outcome::closed) {
      STRESS_CHECK(as_value<T>::is_intact(value, name));
      return;
    }
    sums.sent.fetch_add(1, std::memory_order_relaxed);
    sums.sent_sum.fetch_add(name, std::memory_order_relaxed);
    count_steps();
    dawdle(random);
  }
}

template <class T>
void receive_all(const weft::recv_chan<T>& ch, totals& sums, rng random) {
  std::array<std::uint64_t, most_senders> last{};
  const auto note = [&](const T& v) {
    const std::uint64_t name = as_value<T>::get(v);
    const std::uint64_t sender = name >> 32, number = (name & 0xffffffff) + 1;
    STRESS_CHECK(sender < most_senders);
    STRESS_CHECK(number > last[sender]);  // in the order of each sender
    last[sender] = number;
    sums.received.fetch_add(1, std::memory_order_relaxed);
    sums.received_sum.fetch_add(name, std::memory_order_relaxed);
    dawdle(random);
  };
  if (random.one_in(4)) {
    for (T v : ch) note(v);
    return;
  }
  for (;;) {
    T v{};
    switch (receive_somehow(ch, v, random)) {
      case outcome::done:
        note(v);
        break;
      case outcome::closed:
        STRESS_CHECK(!ch.try_recv());
        return;
      case outcome::not_done:
        if (random.one_in(4)) weft::this_task::yield();
        break;
    }
  }
}

template <class T>
void play_with(round& r, bool close_early) {
  static constexpr std::size_t capacities[] = {0, 0, 0, 1, 1, 2, 3, 16, 300};
  const std::size_t capacity = r.random.pick(capacities);
  const int senders = r.random.between(1, most_senders), receivers = r.random.between(1, 6);
  const int count = round::size(r.random.between(50, 600));
  ledger books;
  totals sums;
  r.run([&] {
    auto ch = weft::make_chan<T>(capacity);
    crew sending(r.random, true), receiving(r.random, true);
    for (int i = 0; i < receivers; ++i)
      receiving.go([&, ch, random = r.random.fork()] {
        receive_all<T>(ch, sums, random);
      });
    for (int i = 0; i < senders; ++i)
      sending.go([&, ch, i, random = r.random.fork()] {
        send_all<T>(ch, i, count, books, sums, random);
      });
    if (close_early) {
      // Two of them: one closes, the other is told.
      std::atomic<int> closed{0};
      crew closing(r.random, true);
      for (int i = 0; i < 2; ++i)
        closing.go([&, ch, random = r.random.fork()]() mutable {
          weft::sleep_for(random.up_to_us(3000));
          try {
            ch.close();
            ++closed;
          } catch (const weft::closed_channel&) {
          }
        });
      closing.wait();
      STRESS_EQUAL(closed.load(), 1);
      sending.wait();
    } else {
      sending.wait();
      ch.close();
    }
    receiving.wait();
    STRESS_EQUAL(ch.len(), 0u);
  });
  STRESS_EQUAL(sums.sent.load(), sums.received.load());
  STRESS_EQUAL(sums.sent_sum.load(), sums.received_sum.load());
  if (!close_early)
    STRESS_EQUAL(sums.sent.load(), static_cast<std::uint64_t>(senders) * static_cast<unsigned>(count));
  books.check();
}

void play(round& r, bool close_early) {
  switch (r.random.below(4)) {
    case 0:
      return play_with<std::uint64_t>(r, close_early);
    case 1:
      return play_with<wide>(r, close_early);
    case 2:
      return play_with<token>(r, close_early);
    default:
      return play_with<boxed_token>(r, close_early);
  }
}

}  // namespace

void channels(round& r) { play(r, false); }
void channels_closing(round& r) { play(r, true); }

}  // namespace weft_stress
