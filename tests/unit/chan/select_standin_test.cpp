// select on the stand-in: ready cases, waits, meetings of two selects, operands, other kinds of case.
#include <gtest/gtest.h>

#include <algorithm>
#include <any>
#include <array>
#include <chrono>
#include <cmath>
#include <memory>
#include <string>
#include <thread>
#include <vector>
#include <weft/chan.hpp>
#include <weft/error.hpp>
#include <weft/select.hpp>

#include "runtime/base/choose.hpp"
#include "runtime/chan/chan_core.hpp"
#include "runtime/chan/chan_info.hpp"
#include "runtime/task/select_case.hpp"
#include "tests/support/standin/standin_scheduler.hpp"

namespace {

using namespace std::chrono_literals;
using standin::go;
using standin::settle;
using weft::make_chan;
using weft::otherwise;
using weft::recv;
using weft::select;
using weft::send;
using weft::timeout;

weft::rt::chan_info info(const auto& ch) {
  return weft::rt::describe_chan(weft::detail::chan_access::head(ch));
}
std::uint64_t state_of(const auto& ch) { return weft::detail::chan_access::head(ch)->look(); }

TEST(SelectStandin, AWaitOnSeveralEndsWithTheFirstThatComesAndLeavesNothingBehind) {
  standin::run([] {
    auto a = make_chan<int>();
    auto b = make_chan<std::string>(1);
    auto c = make_chan<int>(1);
    c.send(0);
    for (int round = 0; round < 3; ++round) {
      int chosen = -1;
      go([&, a, b, c] {
        int v = -1;
        std::string w = "-";
        chosen = select(recv(a, v), recv(b, w), send(c, 7));
        EXPECT_EQ(v, chosen == 0 ? 1 : -1);
        EXPECT_EQ(w, chosen == 1 ? "two" : "-");
      });
      settle();
      EXPECT_EQ(chosen, -1);
      EXPECT_EQ(info(a).waiting_receivers, 1u);
      EXPECT_EQ(info(b).waiting_receivers, 1u);
      EXPECT_EQ(info(c).waiting_senders, 1u);
      if (round == 0) a.send(1);
      if (round == 1) b.send("two");
      if (round == 2) c.recv();
      settle();
      EXPECT_EQ(chosen, round);
      EXPECT_EQ(state_of(a), 0u);
      EXPECT_EQ(state_of(b), 0u);
      EXPECT_EQ(info(c).waiting_senders, 0u);
      EXPECT_EQ(c.len(), 1u);
    }
    EXPECT_EQ(c.recv(), 7);
  });
}

TEST(SelectStandin, ANodeThatLostIsPassedOverByTheNextOperation) {
  standin::run([] {
    auto a = make_chan<int>();
    auto b = make_chan<int>();
    int chosen = -1, second = -1;
    go([&] { chosen = select(recv(a), recv(b)); });
    settle();
    go([&] { second = *b.recv(); });
    settle();
    a.send(1);           // the select has won, and has not run yet: its node still lies in b
    EXPECT_TRUE(b.try_send(2));  // goes to the one behind it
    settle();
    EXPECT_EQ(chosen, 0);
    EXPECT_EQ(second, 2);
    EXPECT_FALSE(b.try_send(3));
  });
}

TEST(SelectStandin, TwoSelectsMeet) {
  standin::run([] {
    auto a = make_chan<int>();
    auto b = make_chan<int>();
    for (int i = 0; i < 50; ++i) {
      int first = -1, second = -1, got = -1;
      go([&] { first = select(send(a, 1), send(b, 2)); });
      go([&] { second = select(recv(b, got), recv(a, got)); });
      settle();
      ASSERT_GE(first, 0);
      EXPECT_EQ(second, 1 - first);
      EXPECT_EQ(got, first + 1);
    }
  });
}

TEST(SelectStandin, NeverTalksToItself) {
  const auto result = standin::run([] {
    auto ch = make_chan<int>();
    int v = 0;
    EXPECT_EQ(select(send(ch, 1), recv(ch, v), otherwise()), 2);
    EXPECT_EQ(select(send(ch, 1), recv(ch, v), timeout(1s)), 2);
    // Two of them do talk to each other.
    int first = -1, second = -1, got_first = 0, got_second = 0;
    go([&] { first = select(send(ch, 1), recv(ch, got_first)); });
    go([&] { second = select(send(ch, 2), recv(ch, got_second)); });
    settle();
    EXPECT_EQ(first + second, 1);
    EXPECT_EQ(got_first + got_second, first == 0 ? 1 : 2);
    EXPECT_THROW(select(send(ch, 1), recv(ch, v)), weft::deadlocked);
  });
  EXPECT_TRUE(result.deadlocked);
}

TEST(SelectStandin, TheSameChannelManyTimes) {
  standin::run([] {
    auto ch = make_chan<int>();
    std::array<int, 3> v{};
    std::array<int, 3> chosen{};
    for (int i = 0; i < 60; ++i) {
      go([&] {
        ++chosen[static_cast<std::size_t>(
            select(recv(ch, v[0]), recv(ch, v[1]), recv(ch, v[2])))];
      });
      settle();
      EXPECT_EQ(info(ch).waiting_receivers, 3u);
      ch.send(i);
      settle();
      EXPECT_EQ(state_of(ch), 0u);
    }
    EXPECT_EQ(chosen[0] + chosen[1] + chosen[2], 60);
  });
}

// With a fixed seed this is no gamble: chi-square with 7 degrees of freedom, far beyond any doubt.
TEST(SelectStandin, TheChoiceAmongReadyCasesIsUniformWhereverTheyStand) {
  for (const bool locked : {false, true}) {
    standin::run([locked] {
      // Eight ready cases with gaps of cases that are not; also in a set of more than 64.
      const int total = locked ? 100 : 20;
      std::vector<weft::chan<int>> channels;
      std::vector<int> ready;
      weft::select_set set;
      for (int i = 0; i < total; ++i) {
        channels.push_back(make_chan<int>(1));
        set.recv(channels.back());
        if (i * i % total < 8 && ready.size() < 8) ready.push_back(i);  // in clumps
      }
      for (int i : ready) channels[static_cast<std::size_t>(i)].send(1);
      std::vector<int> counts(static_cast<std::size_t>(total), 0);
      constexpr int rounds = 8000;
      for (int i = 0; i < rounds; ++i) {
        const auto at = static_cast<std::size_t>(set.wait());
        ++counts[at];
        channels[at].send(1);
      }
      const double expected = static_cast<double>(rounds) / static_cast<double>(ready.size());
      double chi = 0;
      for (int i : ready) {
        const double d = counts[static_cast<std::size_t>(i)] - expected;
        chi += d * d / expected;
      }
      EXPECT_LT(chi, 40.0);
    });
  }
}

TEST(SelectStandin, OneSetOfManyWaitsForAll) {
  standin::run([] {
    constexpr int n = 200;
    std::vector<weft::chan<int>> in(n);
    weft::select_set set;
    std::vector<int> values(n, -1);
    for (std::size_t i = 0; i < n; ++i) {
      in[i] = make_chan<int>();
      set.recv(in[i], values[i]);
    }
    int chosen = -1;
    go([&] {
      for (;;) {
        chosen = set.wait();
        if (chosen == n - 1) return;
      }
    });
    for (int i : {0, 63, 64, 100, n - 1}) {
      settle();
      in[static_cast<std::size_t>(i)].send(i);
      settle();
      EXPECT_EQ(chosen, i);
      EXPECT_EQ(values[static_cast<std::size_t>(i)], i);
    }
    for (const auto& ch : in) EXPECT_EQ(state_of(ch), 0u);
  });
}

TEST(SelectStandin, CasesCanBeManyInOneCall) {
  standin::run([] {
    std::array<weft::chan<int>, 18> c;
    for (auto& ch : c) ch = make_chan<int>();
    int v = 0, chosen = -1;
    go([&] {
      chosen = select(recv(c[0], v), recv(c[1], v), recv(c[2], v), recv(c[3], v), recv(c[4], v),
                      recv(c[5], v), recv(c[6], v), recv(c[7], v), recv(c[8], v), recv(c[9], v),
                      recv(c[10], v), recv(c[11], v), recv(c[12], v), recv(c[13], v),
                      recv(c[14], v), recv(c[15], v), recv(c[16], v), recv(c[17], v));
    });
    settle();
    c[17].send(5);
    settle();
    EXPECT_EQ(chosen, 17);
    EXPECT_EQ(v, 5);
  });
}

TEST(SelectStandin, CloseEndsAWaitingSelectAndOperandsComeBack) {
  standin::run([] {
    auto in = make_chan<int>();
    auto out = make_chan<std::string>();
    go([&] {
      std::string mine(50, 'm');
      EXPECT_THROW(select(recv(in), send(out, std::move(mine))), weft::closed_channel);
      EXPECT_EQ(mine, std::string(50, 'm'));
      EXPECT_EQ(state_of(in), 0u);
    });
    settle();
    out.close();
    settle();
  });
  standin::run([] {
    auto in = make_chan<int>();
    auto out = make_chan<std::string>();
    std::string mine(50, 'm');
    go([&] {
      int v = 3;
      bool ok = true;
      EXPECT_EQ(select(send(out, std::move(mine)), recv(in, v, ok)), 1);
      EXPECT_EQ(v, 0);
      EXPECT_FALSE(ok);
    });
    settle();
    in.close();
    settle();
    EXPECT_EQ(mine, std::string(50, 'm'));
    EXPECT_EQ(state_of(out), 0u);
  });
}

TEST(SelectStandin, TimeoutsAndCancellationTakeAllNodesBack) {
  const auto result = standin::run([] {
    auto a = make_chan<std::unique_ptr<int>>();
    auto b = make_chan<int>();
    auto p = std::make_unique<int>(4);
    EXPECT_EQ(select(send(a, std::move(p)), recv(b), timeout(3s), timeout(2s)), 3);
    ASSERT_TRUE(p);
    EXPECT_EQ(state_of(a) + state_of(b), 0u);
    auto& t = go([&] {
      try {
        select(send(a, std::move(p)), recv(b), timeout(1h));
        ADD_FAILURE();
      } catch (const weft::task_cancelled&) {
        EXPECT_TRUE(p);
        throw;
      }
    });
    settle();
    weft::rt::cancel_task(t);
    settle();
    EXPECT_EQ(state_of(a) + state_of(b), 0u);
    EXPECT_EQ(select(timeout(0s), otherwise()), 1);
    EXPECT_EQ(select(recv(b), timeout(-1s)), 1);
    EXPECT_THROW(select(), weft::deadlocked);
    EXPECT_THROW(select(recv(weft::chan<int>()), send(weft::chan<int>(), 1)), weft::deadlocked);
  });
  EXPECT_TRUE(result.deadlocked);
  EXPECT_LT(result.longest_wait_ns, std::chrono::nanoseconds(4s).count());
}

TEST(SelectStandin, OtherwiseIsNoPlaceOfCancellationAndTheRestIs) {
  standin::run([] {
    auto ch = make_chan<int>(1);
    auto& t = go([&] {
      EXPECT_EQ(select(recv(ch), otherwise()), 1);
      EXPECT_TRUE(ch.try_send(1));
      try {
        select(recv(ch), timeout(1s));
        ADD_FAILURE();
      } catch (const weft::task_cancelled&) {
        EXPECT_EQ(ch.len(), 1u);  // before it had any effect
        throw;
      }
    });
    weft::rt::cancel_task(t);
    settle();
  });
}

TEST(SelectStandin, WhoWaitsInASelectKeepsItsChannels) {
  standin::run([] {
    auto token = std::make_shared<int>(0);
    auto ch = std::make_unique<weft::chan<std::shared_ptr<int>>>(make_chan<std::shared_ptr<int>>(1));
    ch->send(token);
    auto& t = go([&c = *ch, token] { select(send(c, token), recv(weft::chan<int>()), send(c, token)); });
    settle();
    ch.reset();
    weft::rt::cancel_task(t);
    settle();
    EXPECT_EQ(token.use_count(), 1);
  });
}

TEST(SelectStandin, AnOtherwiseMayBeThereOnce) {
  EXPECT_THROW(select(otherwise(), otherwise()), weft::error);
}

TEST(SelectStandin, ForeignThreadsSelect) {
  auto a = make_chan<int>();
  auto b = make_chan<std::string>();
  std::thread other([&] {
    for (int i = 0; i < 500; ++i) {
      if (i % 2 == 0)
        a.send(i);
      else
        b.send(std::to_string(i));
    }
    a.close();
  });
  int n = 0;
  for (;;) {
    int v = 0;
    bool ok = true;
    std::string s;
    if (select(recv(a, v, ok), recv(b, s)) == 1) v = std::stoi(s);
    if (!ok) break;
    EXPECT_EQ(v, n++);
  }
  EXPECT_EQ(n, 500);
  EXPECT_EQ(select(recv(b), timeout(1ms)), 1);
  other.join();
}

// ---- callbacks -----------------------------------------------------------------------------------

struct no_default {
  explicit no_default(int x) : v(x) {}
  no_default(no_default&&) = default;
  int v;
};

TEST(SelectStandin, CallbackFormsAreToldApart) {
  using weft::detail::callback_form;
  using weft::detail::callback_form_of;
  const auto form = []<class T, class F>(F) { return callback_form_of<F&, T>(); };
  const auto of_int = [&](auto f) { return form.template operator()<int>(f); };
  EXPECT_EQ(of_int([](std::optional<int>) {}), callback_form::optional);
  EXPECT_EQ(of_int([](const std::optional<int>&) {}), callback_form::optional);
  EXPECT_EQ(of_int([](int, bool) {}), callback_form::value_and_flag);
  EXPECT_EQ(of_int([](int) {}), callback_form::value);
  EXPECT_EQ(of_int([] {}), callback_form::nothing);
  EXPECT_EQ(of_int([](std::any) {}), callback_form::value);
  EXPECT_EQ(of_int([](long) mutable noexcept {}), callback_form::value);
  // The body of a generic one would not compile with an optional.
  EXPECT_EQ(of_int([](auto v) { return v + 1; }), callback_form::value);
  EXPECT_EQ(of_int([](auto v, bool) { return v + 1; }), callback_form::value_and_flag);
  EXPECT_EQ(of_int(+[](std::optional<int>) {}), callback_form::optional);
  EXPECT_EQ(of_int(+[](int) {}), callback_form::value);
  EXPECT_EQ(of_int([](std::string) {}), callback_form::none);
  EXPECT_EQ(form.template operator()<std::optional<int>>([](std::optional<int>) {}),
            callback_form::value);
  EXPECT_EQ(form.template operator()<void>([] {}), callback_form::nothing);
  EXPECT_EQ(form.template operator()<void>([](bool) {}), callback_form::value);
}

TEST(SelectStandin, TheFlagIsEnoughForATWithoutADefault) {
  standin::run([] {
    auto ch = make_chan<no_default>(1);
    ch.send(no_default(4));
    ch.close();
    no_default v(1);
    bool ok = false;
    EXPECT_EQ(select(recv(ch, v, ok)), 0);
    EXPECT_EQ(v.v, 4);
    EXPECT_TRUE(ok);
    EXPECT_EQ(select(recv(ch, v, ok)), 0);
    EXPECT_EQ(v.v, 4);
    EXPECT_FALSE(ok);
    EXPECT_THROW(select(recv(ch, v)), weft::closed_channel);
  });
}

// ---- select_set ----------------------------------------------------------------------------------

TEST(SelectStandin, ASetOwnsWhatItWasGivenByValue) {
  standin::run([] {
    std::string log;
    weft::select_set set;
    auto out = make_chan<std::string>(2);
    set.send(out, std::string("temporary"), [&log] { log += "sent "; });
    {
      auto in = make_chan<int>(1);
      in.send(3);
      in.close();
      auto callback = [&log](int v, bool ok) { log += ok ? std::to_string(v) + " " : "closed "; };
      set.recv(in, callback);
    }
    for (int i = 0; i < 40; ++i) {
      set.wait();
      while (auto v = out.try_recv()) EXPECT_EQ(*v, "temporary");
    }
    EXPECT_NE(log.find("sent"), std::string::npos);
    EXPECT_NE(log.find("3 "), std::string::npos);
    EXPECT_NE(log.find("closed"), std::string::npos);

    weft::select_set moved = std::move(set);
    EXPECT_EQ(moved.size(), 2);
    moved.clear();
    EXPECT_EQ(moved.size(), 0);
    moved.otherwise();
    EXPECT_EQ(moved.wait(), 0);
    EXPECT_EQ(moved.otherwise(), 1);
    EXPECT_THROW(moved.wait(), weft::error);
  });
}

TEST(SelectStandin, AMoveOnlyOperandOfASetGoesOnce) {
  standin::run([] {
    auto out = make_chan<std::unique_ptr<int>>(4);
    weft::select_set set;
    set.send(out, std::make_unique<int>(8));
    set.wait();
    set.wait();
    EXPECT_EQ(**out.recv(), 8);
    EXPECT_EQ(*out.recv(), nullptr);
  });
}

// ---- another kind of case ------------------------------------------------------------------------

// A flag that can be waited for, written only with what select_case.hpp offers.
struct event {
  weft::rt::spin_lock lock;
  bool is_set = false;
  int leaves = 0;
  weft::rt::wait_queue waiters;

  void set() {
    lock.lock();
    is_set = true;
    const weft::rt::won_waiter won = take_waiter(waiters);
    if (won) won.node->result = weft::rt::wait_result::ok;
    const weft::rt::wake_up wake(won);
    lock.unlock();
    wake();
  }
};

event& event_of(const weft::rt::select_case& c) { return *static_cast<event*>(c.object); }

const weft::rt::select_ops event_ops = {
    weft::rt::wait_reason::context_done,
    [](void* object) noexcept -> weft::rt::spin_lock& { return static_cast<event*>(object)->lock; },
    [](const weft::rt::select_case& c) noexcept { return event_of(c).is_set; },
    [](weft::rt::select_case& c, weft::rt::wake_up&) noexcept {
      return event_of(c).is_set ? weft::rt::select_poll::done : weft::rt::select_poll::not_ready;
    },
    [](weft::rt::select_case& c, weft::rt::wait_node& n) noexcept {
      event_of(c).waiters.push_back(n);
    },
    [](weft::rt::select_case& c, weft::rt::wait_node& n) noexcept {
      if (n.is_linked()) event_of(c).waiters.unlink(n);
    },
    [](weft::rt::select_case& c) noexcept { ++event_of(c).leaves; },
};

struct event_clause {
  using weft_select_clause = void;
  event* e;
  void arm(weft::detail::select_case& to, weft::detail::select_plan&, int) {
    to.ops = &event_ops;
    to.object = e;
  }
  void finish(const weft::detail::select_case&) {}
};

TEST(SelectStandin, OtherKindsStandBesideChannels) {
  standin::run([] {
    event e;
    auto ch = make_chan<int>();
    EXPECT_EQ(select(recv(ch), event_clause{&e}, otherwise()), 2);
    int chosen = -1;
    go([&] { chosen = select(recv(ch), event_clause{&e}); });
    settle();
    EXPECT_FALSE(e.waiters.empty());
    ch.send(1);
    settle();
    EXPECT_EQ(chosen, 0);
    EXPECT_TRUE(e.waiters.empty());
    EXPECT_EQ(e.leaves, 1);
    go([&] { chosen = select(recv(ch), event_clause{&e}); });
    settle();
    e.set();
    settle();
    EXPECT_EQ(chosen, 1);
    EXPECT_EQ(state_of(ch), 0u);
    weft::select_set set;
    set.recv(ch);
    set.add(event_clause{&e});
    EXPECT_EQ(set.wait(), 1);
  });
}

// ---- random histories -------------------------------------------------------------------------------

// Tasks in random order do random things to few channels; every value that was sent is received
// once, or is still there.
TEST(SelectStandin, RandomHistoriesLoseAndRepeatNothing) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    weft::rt::choice_state dice;
    weft::rt::choose_seed(dice, seed);
    const auto roll = [&](std::uint32_t n) { return weft::rt::choose_below(dice, n); };
    std::vector<weft::chan<std::string>> ch;
    for (std::size_t cap : {0u, 0u, 1u, 3u}) ch.push_back(make_chan<std::string>(cap));
    const auto any = [&]() -> weft::chan<std::string>& { return ch[roll(4)]; };
    std::vector<int> sent, received;
    int next = 0;
    standin::options options;
    options.seed = seed;
    options.shuffle = true;
    standin::run(
        [&] {
          for (int t = 0; t < 8; ++t) {
            go([&] {
              for (int step = 0; step < 40; ++step) {
                const int mine = next++;
                std::string value = std::to_string(mine), got;
                std::optional<std::string> in;
                bool did_send = false;
                switch (roll(7)) {
                  case 0: did_send = any().send_for(std::move(value), 1s); break;
                  case 1: in = any().recv_for(1s); break;
                  case 2: did_send = any().try_send(std::move(value)); break;
                  case 3: in = any().try_recv(); break;
                  case 4:
                    did_send = select(recv(any(), in), send(any(), std::move(value)),
                                      timeout(1s)) == 1;
                    break;
                  case 5:
                    switch (select(send(any(), value), recv(any(), in), send(any(), value),
                                   recv(any(), in), timeout(2s))) {
                      case 0:
                      case 2: did_send = true; break;
                      default: break;
                    }
                    break;
                  case 6:
                    did_send = select(recv(any(), in), send(any(), value), otherwise()) == 1;
                    break;
                }
                if (in) {
                  received.push_back(std::stoi(*in));
                  EXPECT_FALSE(did_send);
                } else if (did_send) {
                  sent.push_back(mine);
                }
              }
            });
          }
        },
        options);
    for (auto& c : ch) {
      while (auto v = c.try_recv()) received.push_back(std::stoi(*v));
      EXPECT_EQ(state_of(c), 0u);
    }
    std::sort(sent.begin(), sent.end());
    std::sort(received.begin(), received.end());
    ASSERT_EQ(sent, received);
  }
}

}  // namespace
