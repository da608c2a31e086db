// SEMANTICS, "Channels" and "select": what concurrent tasks see of one or two channels is what they
// could have seen one call after another. Random calls of three tasks are recorded and each history
// is held against a sequential model; a history that does not fit is printed with its
// seed; WEFT_SEED begins with it.
#include <array>
#include <atomic>
#include <cstdlib>
#include <memory>
#include <optional>
#include <random>
#include <vector>

#include "tests/support/linearizability.hpp"
#include "tests/support/run.hpp"

namespace {

using weft_test::chan_call;
using weft_test::chan_case;
using weft_test::on_workers;
using direction = chan_case::direction;

constexpr int histories = weft_test::under_tsan ? 200 : 600;
constexpr int tasks = 3;
constexpr int calls_each = 4;

// One call to be made, and what came of it.
struct step {
  chan_call call;
  bool as_select = false;
  bool yields_before = false;
  int spins_before = 0;
};

class recording {
 public:
  explicit recording(std::uint64_t seed) : random_(seed) {
    const std::size_t count = 1 + below(2);
    for (std::size_t i = 0; i < count; ++i) {
      capacities_.push_back(below(3));
      channels_.push_back(weft::make_chan<int>(capacities_.back()));
    }
    for (int task = 0; task < tasks; ++task)
      for (int i = 0; i < calls_each; ++i) steps_[task].push_back(plan(task));
  }

  // By each of the tasks, which begin together.
  void take_part(int task) {
    ++arrived_;
    // Spins, so that it is running when the others come, and yields, so that they can.
    for (int i = 1; arrived_ != tasks; ++i)
      if (i % 500 == 0) weft::this_task::yield();
    for (step& next : steps_[task]) make(next);
    ++finished_;
  }

  // By the main task. Whoever still waits when all had their chance is let go by closing.
  std::vector<chan_call> end() {
    weft_test::yield_until([&] { return arrived_ == tasks; });
    for (int i = 0; i < 50 && finished_ != tasks; ++i) weft::this_task::yield();
    std::vector<chan_call> history;
    for (std::size_t channel = 0; channel < channels_.size(); ++channel) {
      step end;
      end.call.task = tasks;
      end.call.closes = true;
      end.call.channel = channel;
      make(end);
      history.push_back(end.call);
    }
    weft_test::yield_until([&] { return finished_ == tasks; });
    for (const std::vector<step>& made : steps_)
      for (const step& s : made) history.push_back(s.call);
    return history;
  }

  const std::vector<std::size_t>& capacities() const { return capacities_; }

 private:
  std::size_t below(std::size_t bound) { return random_() % bound; }

  chan_case any_case() {
    const direction which = below(2) == 0 ? direction::send : direction::recv;
    return {which, below(channels_.size()), ++last_value_};
  }

  step plan(int task) {
    step s;
    s.call.task = task;
    s.yields_before = below(4) == 0;
    s.spins_before = static_cast<int>(below(3) * below(100));
    const std::size_t kind = below(16);
    if (kind == 0) {
      s.call.closes = true;
      s.call.channel = below(channels_.size());
      return s;
    }
    s.as_select = kind < 8;
    s.call.may_skip = below(2) == 0;
    for (std::size_t left = s.as_select ? 1 + below(3) : 1; left != 0; --left)
      s.call.cases.push_back(any_case());
    return s;
  }

  void make(step& s) {
    if (s.yields_before) weft::this_task::yield();
    for (int left = s.spins_before; left != 0; --left) clock_.load(std::memory_order_relaxed);
    chan_call& call = s.call;
    call.began = ++clock_;
    try {
      if (call.closes) {
        channels_[call.channel].close();
      } else if (s.as_select) {
        make_select(call);
      } else if (call.cases[0].which == direction::send) {
        make_send(call);
      } else {
        make_recv(call);
      }
    } catch (const weft::closed_channel&) {
      call.threw = true;
    }
    call.ended = ++clock_;
  }

  void make_send(chan_call& call) {
    const chan_case& c = call.cases[0];
    if (!call.may_skip)
      channels_[c.channel].send(c.value);
    else if (!channels_[c.channel].try_send(c.value))
      call.chosen = 1;
  }

  void make_recv(chan_call& call) {
    const weft::chan<int>& ch = channels_[call.cases[0].channel];
    if (!call.may_skip) {
      call.got = ch.recv();
      return;
    }
    int value = 0;
    switch (ch.try_recv(value)) {
      case weft::chan_status::value:
        call.got = value;
        break;
      case weft::chan_status::closed:
        break;
      default:
        call.chosen = 1;
    }
  }

  void make_select(chan_call& call) {
    std::vector<std::optional<int>> got(call.cases.size());
    weft::select_set set;
    for (std::size_t i = 0; i < call.cases.size(); ++i) {
      const chan_case& c = call.cases[i];
      if (c.which == direction::send)
        set.send(channels_[c.channel], c.value);
      else
        set.recv(channels_[c.channel], got[i]);
    }
    if (call.may_skip) set.otherwise();
    call.chosen = static_cast<std::size_t>(set.wait());
    if (call.chosen < got.size()) call.got = got[call.chosen];
  }

  std::mt19937_64 random_;
  std::vector<std::size_t> capacities_;
  std::vector<weft::chan<int>> channels_;
  std::array<std::vector<step>, tasks> steps_;  // each task its own
  std::atomic<int> arrived_{0};
  std::atomic<int> finished_{0};
  std::atomic<std::uint64_t> clock_{0};  // one tick each time a call begins or ends
  int last_value_ = 0;
};

std::uint64_t any_seed() {
  if (const char* text = std::getenv("WEFT_SEED")) return std::strtoull(text, nullptr, 10);
  return std::random_device()();
}

class LinearizableChannels : public on_workers {};
WEFT_ON_WORKERS(LinearizableChannels);

TEST_P(LinearizableChannels, RandomHistories) {
  const std::uint64_t first_seed = any_seed();
  std::vector<std::unique_ptr<recording>> all;
  for (int i = 0; i < histories; ++i)
    all.push_back(std::make_unique<recording>(first_seed + static_cast<std::uint64_t>(i)));
  run([&] {
    std::vector<weft::task<void>> callers;
    for (int task = 0; task < tasks; ++task) {
      callers.push_back(weft::spawn([&all, task] {
        for (const auto& one : all) one->take_part(task);
      }));
    }
    for (std::size_t i = 0; i < all.size(); ++i) {
      const std::vector<chan_call> history = all[i]->end();
      ASSERT_TRUE(weft_test::is_linearizable(history, all[i]->capacities()))
          << "seed " << first_seed + i << "\n"
          << weft_test::history_text(history, all[i]->capacities());
    }
    for (weft::task<void>& caller : callers) caller.join();
  });
}

}  // namespace
