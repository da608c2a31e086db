// Is a recorded history of channel and select calls one that channels could have shown one call
// after another? A checker after Wing and Gong, with Lowe's memory of states already tried.
//
// A call is a list of cases (a plain send or receive has one) and the moments at which it began and
// ended. Two calls whose intervals do not overlap keep their order; for the others any order will
// do, as long as each call does in its turn what it reported. Two kinds of turn exist: one call
// alone, and a sender and a receiver that meet in an unbuffered channel and act together.
// That nobody was there to meet is always believed: a call that has begun need not have arrived.
//
// For one thread; up to 64 calls, in practice some twenty.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace weft_test {

struct chan_case {
  enum class direction : std::uint8_t { send, recv };
  direction which;
  std::size_t channel;
  int value = 0;  // send: what is offered
};

struct chan_call {
  int task = 0;
  std::uint64_t began = 0;
  std::uint64_t ended = 0;
  bool closes = false;  // close(channel); otherwise the cases
  std::size_t channel = 0;
  std::vector<chan_case> cases;
  bool may_skip = false;  // a try form, a select with otherwise

  // How it ended.
  bool threw = false;      // closed_channel; a select does not say which of its sends
  std::size_t chosen = 0;  // if it did not throw; cases.size(): it skipped
  std::optional<int> got;  // recv: empty is closed and drained
};

class channel_model {
 public:
  explicit channel_model(const std::vector<std::size_t>& capacities) {
    for (const std::size_t capacity : capacities) channels_.push_back({capacity, false, {}});
  }

  // Does the call in one turn alone; false if it could not have ended as it did.
  bool apply(const chan_call& call) {
    if (call.closes) {
      state& ch = channels_[call.channel];
      if (call.threw != ch.closed) return false;
      ch.closed = true;
      return true;
    }
    if (call.threw) {
      return std::any_of(call.cases.begin(), call.cases.end(), [&](const chan_case& c) {
        return c.which == chan_case::direction::send && channels_[c.channel].closed;
      });
    }
    if (call.chosen == call.cases.size()) {
      return call.may_skip && std::none_of(call.cases.begin(), call.cases.end(),
                                           [&](const chan_case& c) { return is_ready(c); });
    }
    const chan_case& c = call.cases[call.chosen];
    state& ch = channels_[c.channel];
    if (c.which == chan_case::direction::send) {
      if (ch.closed || ch.values.size() >= ch.capacity) return false;
      ch.values.push_back(c.value);
      return true;
    }
    if (!ch.values.empty()) {
      if (call.got != ch.values.front()) return false;
      ch.values.pop_front();
      return true;
    }
    return ch.closed && !call.got;
  }

  // Both in one turn; false if they do not meet. Leaves the state as it is.
  bool meet(const chan_call& sender, const chan_call& receiver) const {
    if (sender.threw || receiver.threw) return false;
    const chan_case* send = chosen_case(sender, chan_case::direction::send);
    const chan_case* recv = chosen_case(receiver, chan_case::direction::recv);
    if (send == nullptr || recv == nullptr || send->channel != recv->channel) return false;
    const state& ch = channels_[send->channel];
    return ch.capacity == 0 && !ch.closed && receiver.got == send->value;
  }

  // Equal keys, equal states.
  std::vector<int> key() const {
    std::vector<int> k;
    for (const state& ch : channels_) {
      k.push_back(ch.closed ? 1 : 0);
      k.push_back(static_cast<int>(ch.values.size()));
      k.insert(k.end(), ch.values.begin(), ch.values.end());
    }
    return k;
  }

 private:
  struct state {
    std::size_t capacity;
    bool closed;
    std::deque<int> values;
  };

  bool is_ready(const chan_case& c) const {
    const state& ch = channels_[c.channel];
    if (ch.closed) return true;
    return c.which == chan_case::direction::send ? ch.values.size() < ch.capacity
                                                 : !ch.values.empty();
  }
  static const chan_case* chosen_case(const chan_call& call, chan_case::direction which) {
    if (call.closes || call.chosen >= call.cases.size()) return nullptr;
    const chan_case& c = call.cases[call.chosen];
    return c.which == which ? &c : nullptr;
  }

  std::vector<state> channels_;
};

class linearizability {
 public:
  linearizability(const std::vector<chan_call>& history, std::vector<std::size_t> capacities)
      : history_(history), start_(capacities) {}

  bool holds() { return can_end(0, start_); }

 private:
  // Whether the calls that are not in `done` can follow in some order.
  bool can_end(std::uint64_t done, const channel_model& model) {
    const std::uint64_t all =
        history_.size() == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << history_.size()) - 1;
    if (done == all) return true;
    if (!tried_.insert({done, model.key()}).second) return false;

    // Whoever takes the next turn has begun before any of those left has ended.
    std::uint64_t first_end = ~std::uint64_t{0};
    for (std::size_t i = 0; i < history_.size(); ++i)
      if ((done >> i & 1) == 0) first_end = std::min(first_end, history_[i].ended);
    std::vector<std::size_t> next;
    for (std::size_t i = 0; i < history_.size(); ++i)
      if ((done >> i & 1) == 0 && history_[i].began < first_end) next.push_back(i);

    for (const std::size_t i : next) {
      channel_model after = model;
      if (after.apply(history_[i]) && can_end(done | std::uint64_t{1} << i, after)) return true;
    }
    for (const std::size_t i : next) {
      for (const std::size_t j : next) {
        if (i == j || !model.meet(history_[i], history_[j])) continue;
        if (can_end(done | std::uint64_t{1} << i | std::uint64_t{1} << j, model)) return true;
      }
    }
    return false;
  }

  const std::vector<chan_call>& history_;
  channel_model start_;
  std::set<std::pair<std::uint64_t, std::vector<int>>> tried_;
};

inline bool is_linearizable(const std::vector<chan_call>& history,
                            const std::vector<std::size_t>& capacities) {
  return linearizability(history, capacities).holds();
}

// A line a call, in the order in which they began.
inline std::string history_text(std::vector<chan_call> history,
                                const std::vector<std::size_t>& capacities) {
  std::sort(history.begin(), history.end(),
            [](const chan_call& a, const chan_call& b) { return a.began < b.began; });
  std::ostringstream text;
  text << "capacities";
  for (const std::size_t capacity : capacities) text << ' ' << capacity;
  text << '\n';
  for (const chan_call& call : history) {
    text << '[' << call.began << ", " << call.ended << "] task " << call.task << ':';
    if (call.closes) text << " close " << call.channel;
    for (std::size_t i = 0; i < call.cases.size(); ++i) {
      const chan_case& c = call.cases[i];
      const bool chosen = i == call.chosen && !call.threw;
      text << (chosen ? " (" : " ");
      if (c.which == chan_case::direction::send)
        text << "send " << c.value << " to ";
      else
        text << "recv from ";
      text << c.channel << (chosen ? ")" : "");
    }
    const bool skipped = call.chosen == call.cases.size() && !call.threw;
    if (call.may_skip) text << (skipped ? " (skip)" : " skip");
    if (call.threw) text << " threw";
    if (call.got) text << " got " << *call.got;
    text << '\n';
  }
  return text.str();
}

}  // namespace weft_test
