// SEMANTICS, "select": what a case writes and calls: v as T& or optional<T>&, the ok flag, the
// forms of callbacks.
#include <any>
#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

#include "tests/support/counted.hpp"
#include "tests/support/run.hpp"

namespace {

using namespace std::chrono_literals;
using weft_test::move_only;
using weft_test::on_workers;

class SelectForms : public on_workers {};
WEFT_ON_WORKERS(SelectForms);

template <class T>
weft::chan<T> holding(T v) {
  auto ch = weft::make_chan<T>(1);
  ch.send(std::move(v));
  return ch;
}

template <class T>
weft::chan<T> closed_chan() {
  auto ch = weft::make_chan<T>(1);
  ch.close();
  return ch;
}

TEST_P(SelectForms, AReceiveWritesToATReference) {
  run([] {
    std::string v = "before";
    EXPECT_EQ(weft::select(weft::recv(holding<std::string>("value"), v)), 0);
    EXPECT_EQ(v, "value");
  });
}

TEST_P(SelectForms, AReceiveWritesToAnOptional) {
  run([] {
    std::optional<std::string> v;
    EXPECT_EQ(weft::select(weft::recv(holding<std::string>("value"), v)), 0);
    EXPECT_EQ(v, "value");
    EXPECT_EQ(weft::select(weft::recv(holding<std::string>("again"), v)), 0);
    EXPECT_EQ(v, "again");
  });
}

// Reading: what is said of callbacks, T{} when closed, goes for a T& as well; an optional becomes
// empty.
TEST_P(SelectForms, ClosedWritesADefaultValueOrAnEmptyOptional) {
  run([] {
    int v = 5;
    EXPECT_EQ(weft::select(weft::recv(closed_chan<int>(), v)), 0);
    EXPECT_EQ(v, 0);
    std::optional<int> o = 5;
    EXPECT_EQ(weft::select(weft::recv(closed_chan<int>(), o)), 0);
    EXPECT_EQ(o, std::nullopt);
  });
}

TEST_P(SelectForms, TheOkFlagTellsAValueFromClosed) {
  run([] {
    int v = 5;
    bool ok = false;
    EXPECT_EQ(weft::select(weft::recv(holding(0), v, ok)), 0);
    EXPECT_EQ(v, 0);
    EXPECT_TRUE(ok);
    v = 5;
    EXPECT_EQ(weft::select(weft::recv(closed_chan<int>(), v, ok)), 0);
    EXPECT_EQ(v, 0);
    EXPECT_FALSE(ok);
    std::optional<int> o = 5;
    EXPECT_EQ(weft::select(weft::recv(holding(7), o, ok)), 0);
    EXPECT_EQ(o, 7);
    EXPECT_TRUE(ok);
    EXPECT_EQ(weft::select(weft::recv(closed_chan<int>(), o, ok)), 0);
    EXPECT_EQ(o, std::nullopt);
    EXPECT_FALSE(ok);
  });
}

TEST_P(SelectForms, ReceiveAloneDropsTheValue) {
  run([] {
    weft_test::counted::count.reset();
    {
      auto ch = weft::make_chan<weft_test::counted>(1);
      ch.send(weft_test::counted(1));
      EXPECT_EQ(weft::select(weft::recv(ch)), 0);
      EXPECT_EQ(weft_test::counted::count.alive(), 0);
      EXPECT_EQ(ch.len(), 0u);
    }
  });
}

TEST_P(SelectForms, ACallbackOfOptional) {
  run([] {
    std::optional<int> got;
    int calls = 0;
    const auto callback = [&](std::optional<int> v) {
      got = v;
      ++calls;
    };
    weft::select(weft::recv(holding(3), callback));
    EXPECT_EQ(got, 3);
    weft::select(weft::recv(closed_chan<int>(), callback));
    EXPECT_EQ(got, std::nullopt);
    EXPECT_EQ(calls, 2);
  });
}

TEST_P(SelectForms, ACallbackOfValueAndFlag) {
  run([] {
    int got = 9;
    bool flag = false;
    const auto callback = [&](int v, bool ok) {
      got = v;
      flag = ok;
    };
    weft::select(weft::recv(holding(3), callback));
    EXPECT_EQ(got, 3);
    EXPECT_TRUE(flag);
    weft::select(weft::recv(closed_chan<int>(), callback));
    EXPECT_EQ(got, 0);
    EXPECT_FALSE(flag);
  });
}

TEST_P(SelectForms, ACallbackOfValue) {
  run([] {
    int got = 9;
    const auto callback = [&](int v) { got = v; };
    weft::select(weft::recv(holding(3), callback));
    EXPECT_EQ(got, 3);
    weft::select(weft::recv(closed_chan<int>(), callback));
    EXPECT_EQ(got, 0);
  });
}

TEST_P(SelectForms, ACallbackOfNothing) {
  run([] {
    int calls = 0;
    weft::select(weft::recv(holding(3), [&] { ++calls; }));
    weft::select(weft::recv(closed_chan<int>(), [&] { ++calls; }));
    EXPECT_EQ(calls, 2);
  });
}

struct prefers_the_first {
  std::string& called;
  void operator()(std::optional<int>) const { called = "optional"; }
  void operator()(int, bool) const { called = "value and flag"; }
  void operator()() const { called = "nothing"; }
};

struct prefers_the_second {
  std::string& called;
  void operator()(int, bool) const { called = "value and flag"; }
  void operator()(int) const { called = "value"; }
  void operator()() const { called = "nothing"; }
};

struct prefers_the_third {
  std::string& called;
  void operator()(int) const { called = "value"; }
  void operator()() const { called = "nothing"; }
};

TEST_P(SelectForms, TheFirstFormThatFitsIsCalled) {
  run([] {
    std::string called;
    weft::select(weft::recv(holding(1), prefers_the_first{called}));
    EXPECT_EQ(called, "optional");
    weft::select(weft::recv(holding(1), prefers_the_second{called}));
    EXPECT_EQ(called, "value and flag");
    weft::select(weft::recv(holding(1), prefers_the_third{called}));
    EXPECT_EQ(called, "value");
  });
}

TEST_P(SelectForms, ACallbackMayTakeWhatTConvertsTo) {
  run([] {
    double got = 0;
    weft::select(weft::recv(holding(3), [&](double d) { got = d; }));
    EXPECT_EQ(got, 3.0);
    std::string text;
    weft::select(weft::recv(holding<std::string>("text"), [&](const std::string& s) { text = s; }));
    EXPECT_EQ(text, "text");
    std::string moved;
    weft::select(
        weft::recv(holding<std::string>("moved"), [&](std::string&& s) { moved = std::move(s); }));
    EXPECT_EQ(moved, "moved");
  });
}

TEST_P(SelectForms, ACallbackOfAMoveOnlyValue) {
  run([] {
    auto ch = weft::make_chan<std::unique_ptr<int>>(1);
    ch.send(std::make_unique<int>(3));
    std::unique_ptr<int> kept;
    weft::select(weft::recv(ch, [&](std::unique_ptr<int> p) { kept = std::move(p); }));
    EXPECT_EQ(*kept, 3);
    ch.close();
    weft::select(weft::recv(ch, [&](std::unique_ptr<int> p) { kept = std::move(p); }));
    EXPECT_EQ(kept, nullptr);
  });
}

TEST_P(SelectForms, ClosedThrowsWhereTHasNoDefaultAndTheFormNeedsOne) {
  run([] {
    const auto closed = closed_chan<move_only>();
    EXPECT_THROW(weft::select(weft::recv(closed, [](move_only) { ADD_FAILURE(); })),
                 weft::closed_channel);
    EXPECT_THROW(weft::select(weft::recv(closed, [](move_only, bool) { ADD_FAILURE(); })),
                 weft::closed_channel);
    int calls = 0;
    weft::select(weft::recv(closed, [&](std::optional<move_only> v) {
      EXPECT_FALSE(v);
      ++calls;
    }));
    weft::select(weft::recv(closed, [&] { ++calls; }));
    EXPECT_EQ(calls, 2);
    std::optional<move_only> into;
    EXPECT_EQ(weft::select(weft::recv(closed, into)), 0);
    EXPECT_FALSE(into);
  });
}

TEST_P(SelectForms, TheOtherCasesTakeACallbackOfNothing) {
  run([] {
    int calls = 0;
    const auto callback = [&] { ++calls; };
    auto ch = weft::make_chan<int>(1);
    EXPECT_EQ(weft::select(weft::send(ch, 1, callback)), 0);
    EXPECT_EQ(weft::select(weft::send(ch, 1, callback), weft::otherwise(callback)), 1);
    EXPECT_EQ(weft::select(weft::send(ch, 1, callback), weft::timeout(1ms, callback)), 1);
    EXPECT_EQ(weft::select(weft::until(std::chrono::steady_clock::now() + 1ms, callback)), 0);
    EXPECT_EQ(calls, 4);
  });
}

TEST_P(SelectForms, TheCallbackRunsAfterTheChoiceAndOutsideAnyLock) {
  run([] {
    auto ch = weft::make_chan<int>(1);
    auto other = weft::make_chan<int>();
    weft::select(weft::send(ch, 1, [&] {
      EXPECT_EQ(ch.recv(), 1);  // it has been sent
      ch.send(2);               // and the channel can be used
      auto t = weft::spawn([&] { other.send(3); });
      EXPECT_EQ(other.recv(), 3);  // also to wait
      t.join();
    }));
    weft::select(weft::recv(ch, [&](int v) {
      EXPECT_EQ(v, 2);
      EXPECT_EQ(ch.len(), 0u);
      EXPECT_EQ(weft::select(weft::recv(ch), weft::otherwise()), 1);
      ch.close();
    }));
    EXPECT_EQ(ch.recv(), std::nullopt);
  });
}

TEST_P(SelectForms, AnExceptionOfTheCallbackLeavesSelect) {
  run([] {
    auto ch = holding(1);
    EXPECT_THROW(weft::select(weft::recv(ch, [](int) { throw std::runtime_error("callback"); })),
                 std::runtime_error);
    EXPECT_EQ(ch.len(), 0u);  // the receive has happened
    EXPECT_THROW(weft::select(weft::send(ch, 2, [] { throw 1; })), int);
    EXPECT_EQ(ch.recv(), 2);
    EXPECT_THROW(weft::select(weft::recv(ch), weft::otherwise([] { throw 2L; })), long);
    EXPECT_THROW(weft::select(weft::recv(ch), weft::timeout(1ms, [] { throw 'c'; })), char);
    ch.send(3);
    EXPECT_EQ(ch.recv(), 3);
  });
}

TEST_P(SelectForms, DirectionsStandInCases) {
  run([] {
    auto ch = weft::make_chan<int>(1);
    const weft::send_chan<int> out = ch;
    const weft::recv_chan<int> in = ch;
    int v = 0;
    EXPECT_EQ(weft::select(weft::recv(in, v), weft::send(out, 4)), 1);
    EXPECT_EQ(weft::select(weft::recv(in, v), weft::send(out, 5)), 0);
    EXPECT_EQ(v, 4);
  });
}

TEST_P(SelectForms, ChannelsOfSeveralTypesInOneSelect) {
  run([] {
    auto ints = weft::make_chan<int>();
    auto texts = holding<std::string>("text");
    auto signals = weft::make_chan<void>();
    int i = 0;
    std::string s;
    EXPECT_EQ(weft::select(weft::recv(ints, i), weft::recv(texts, s), weft::recv(signals)), 1);
    EXPECT_EQ(s, "text");
  });
}

TEST(SelectClause, EveryCaseSatisfiesItAndOtherThingsDoNot) {
  const weft::chan<int> ch;
  int v = 0;
  bool ok = false;
  (void)ok;
  static_assert(weft::select_clause<decltype(weft::recv(ch))>);
  static_assert(weft::select_clause<decltype(weft::recv(ch, v))>);
  static_assert(weft::select_clause<decltype(weft::recv(ch, v, ok))>);
  static_assert(weft::select_clause<decltype(weft::recv(ch, [](int) {}))>);
  static_assert(weft::select_clause<decltype(weft::send(ch, v))>);
  static_assert(weft::select_clause<decltype(weft::send(ch, v, [] {}))>);
  static_assert(weft::select_clause<decltype(weft::otherwise())>);
  static_assert(weft::select_clause<decltype(weft::timeout(1ms))>);
  static_assert(weft::select_clause<decltype(weft::until(std::chrono::steady_clock::now()))>);
  static_assert(!weft::select_clause<int>);
  static_assert(!weft::select_clause<int*>);
  static_assert(!weft::select_clause<weft::chan<int>>);
  static_assert(!weft::select_clause<std::string>);
}

std::any given;
void take_any(std::any v) { given = std::move(v); }
void take_any_noexcept(std::any v) noexcept { given = std::move(v); }
bool optional_was_empty = false;
void take_optional(std::optional<std::any> v) { optional_was_empty = !v.has_value(); }

TEST_P(SelectForms, AFunctionIsCalledWithTheParameterItHasAlsoIfThatTakesAnything) {
  run([] {
    auto ch = weft::make_chan<std::any>(2);
    ch.send(7);
    ch.send(8);
    weft::select(weft::recv(ch, take_any));
    EXPECT_EQ(std::any_cast<int>(given), 7);
    weft::select(weft::recv(ch, take_any_noexcept));
    EXPECT_EQ(std::any_cast<int>(given), 8);
    ch.close();
    weft::select(weft::recv(ch, take_optional));
    EXPECT_TRUE(optional_was_empty);
  });
}

}  // namespace
