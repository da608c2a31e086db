// Step 3 of select: all cases at once, under all their locks, with a wait if need be. Why it is done
// so is told in select.cpp.
#include <algorithm>
#include <functional>
#include <memory>
#include <new>

#include "runtime/base/choose.hpp"
#include "runtime/chan/select_steps.hpp"

namespace weft::rt::selecting {
namespace {

// On the stack for few cases.
class workspace {
 public:
  explicit workspace(int count) {
    std::byte* at = small_;
    const auto n = static_cast<std::size_t>(count);
    if (count > few) {
      large_.reset(new std::byte[n * bytes_per_case]);
      at = large_.get();
    }
    nodes = reinterpret_cast<wait_node*>(at);
    places = reinterpret_cast<wait_case*>(at += n * sizeof(wait_node));
    locks = reinterpret_cast<spin_lock**>(at += n * sizeof(wait_case));
    live = reinterpret_cast<int*>(at += n * sizeof(spin_lock*));
    ready = reinterpret_cast<int*>(at + n * sizeof(int));
  }

  wait_node* nodes;   // one for each live case
  wait_case* places;  // the same, for the report
  spin_lock** locks;  // distinct, by address
  int* live;          // indices of the cases that can become ready
  int* ready;         // of those that look ready

 private:
  static constexpr std::size_t bytes_per_case =
      sizeof(wait_node) + sizeof(wait_case) + sizeof(spin_lock*) + 2 * sizeof(int);
  static_assert(alignof(wait_node) == alignof(std::uint64_t) && sizeof(wait_node) % 8 == 0 &&
                sizeof(wait_case) % 8 == 0);

  alignas(wait_node) std::byte small_[few * bytes_per_case];
  std::unique_ptr<std::byte[]> large_;
};

struct due_time {
  std::int64_t at_ns = never_ns;
  int index = -1;  // of the timeout or until that it belongs to
  bool has_come = false;
};

due_time earliest(const select_plan& plan) noexcept {
  due_time due;
  if (plan.timeout < 0 && plan.until < 0) return due;
  const std::int64_t now = now_ns();
  if (plan.timeout >= 0) {
    due.index = plan.timeout;
    due.at_ns = plan.delay_ns <= 0               ? now
                : plan.delay_ns >= never_ns - now ? never_ns
                                                  : now + plan.delay_ns;
  }
  if (plan.until >= 0 && (due.index < 0 || plan.deadline_ns < due.at_ns)) {
    due.index = plan.until;
    due.at_ns = plan.deadline_ns;
  }
  due.has_come = due.at_ns <= now;
  return due;
}

class locked_select {
 public:
  locked_select(select_case* cases, int count, const select_plan& plan)
      : cases_(cases), count_(count), plan_(plan), operands_(cases, count, plan), work_(count) {
    for (int i = 0; i < count; ++i)
      if (can_become_ready(cases[i])) work_.live[live_++] = i;
    for (int k = 0; k < live_; ++k) work_.locks[k] = &lock_of(live(k));
    std::sort(work_.locks, work_.locks + live_, std::less<>());
    lock_count_ =
        static_cast<int>(std::unique(work_.locks, work_.locks + live_) - work_.locks);
  }

  int run(const void* pc) {
    const bool may_wait = plan_.otherwise < 0;
    due_time due = may_wait ? earliest(plan_) : due_time{};
    const select_case* newly_ready = nullptr;
    for (;;) {
      operands_.prepare_those([&](const select_case& c) {
        return can_become_ready(c) && (may_wait || &c == newly_ready || looks_ready(c));
      });
      lock_all();
      wake_up wake;
      const choice chosen = poll_all_locked(wake);
      if (chosen.index < 0 && may_wait && !due.has_come) return wait_locked(due, pc);
      for (int k = 0; k < live_; ++k) thaw_locked(live(k));
      unlock_all();
      wake();
      if (chosen.index < 0) return may_wait ? due.index : plan_.otherwise;
      if (!chosen.needs_operand) return chosen.index;
      operands_.give_back();  // what is copied next may have been moved from
      newly_ready = &cases_[chosen.index];
    }
  }

 private:
  struct choice {
    int index = -1;
    bool needs_operand = false;
  };

  select_case& live(int k) noexcept { return cases_[work_.live[k]]; }

  void lock_all() noexcept {
    for (int i = 0; i < lock_count_; ++i) work_.locks[i]->lock();
  }
  void unlock_all() noexcept {
    for (int i = lock_count_; i-- > 0;) work_.locks[i]->unlock();
  }

  choice poll_all_locked(wake_up& wake) noexcept {
    std::uint32_t left = 0;
    for (int k = 0; k < live_; ++k)
      if (is_loose(live(k)) || looks_ready(live(k))) work_.ready[left++] = work_.live[k];
    while (left > 0) {
      const std::uint32_t at = left > 1 ? choose_here(left) : 0;
      const int index = work_.ready[at];
      work_.ready[at] = work_.ready[--left];
      const select_poll result = poll_locked(cases_[index], wake);
      if (result == select_poll::not_ready) continue;
      if (result == select_poll::needs_operand) return {index, true};
      operands_.settle(cases_[index], result == select_poll::closed);
      return {index, false};
    }
    return {};
  }

  bool is_timed_recv(int k) noexcept {
    return live(k).ops == &chan_recv_ops && chan_of(live(k)).is_timed();
  }

  // Of the channels of timers, when to look at them.
  std::int64_t look_at_all_locked() noexcept {
    std::int64_t at_ns = never_ns;
    for (int k = 0; k < live_; ++k)
      if (is_timed_recv(k))
        at_ns = std::min(at_ns, chan_of(live(k)).look_at_locked(work_.nodes[k]));
    return at_ns;
  }

  // The look, in random order. Does the case, for which the word is claimed, or nothing.
  void look_again_locked(winner_word& word) noexcept {
    std::uint32_t left = 0;
    for (int k = 0; k < live_; ++k)
      if (is_timed_recv(k)) work_.ready[left++] = k;
    while (left > 0) {
      const std::uint32_t at = left > 1 ? choose_here(left) : 0;
      const int k = work_.ready[at];
      work_.ready[at] = work_.ready[--left];
      wait_node& node = work_.nodes[k];
      const chan_core::attempt found = chan_of(live(k)).look_again_locked(node);
      if (found == chan_core::attempt::blocked) continue;
      node.result = found == chan_core::attempt::done ? wait_result::ok : wait_result::closed;
      (void)word.claim(node.index);  // nobody else can, as long as we have the locks
      return;
    }
  }

  // With the locks held; returns without them. The index of what was done.
  int wait_locked(const due_time& due, const void* pc) {
    for (int k = 0; k < live_; ++k)
      ::new (&work_.places[k]) wait_case{live(k).ops->reason, live(k).object};
    const wait_reason reason =
        count_ == 0 ? wait_reason::empty_select : wait_reason::select;
    any_wait waiting({reason, nullptr, pc}, work_.places, static_cast<std::uint32_t>(live_));
    for (int k = 0; k < live_; ++k) {
      wait_node& node = *::new (&work_.nodes[k]) wait_node;
      node.who = &waiting.who();
      node.winner = &waiting.word();
      node.cell = live(k).cell;
      node.amount = live(k).amount;
      node.index = static_cast<std::uint32_t>(k);
      live(k).ops->enqueue_locked(live(k), node);
    }
    std::uint32_t winner = winner_word::look_again;
    while (winner == winner_word::look_again) {
      waiting.look_again_at(look_at_all_locked());
      unlock_all();
      winner = waiting.wait({due.at_ns, plan_.under});
      if (winner != winner_word::look_again) break;
      lock_all();
      if (waiting.word().open_again()) look_again_locked(waiting.word());
      if (waiting.word().is_won()) {
        winner = waiting.word().winner();
        unlock_all();
      }
    }
    for (int k = 0; k < live_; ++k) {
      select_case& c = live(k);
      // Of the winner's lock this is also the wait for the end of the critical section that won.
      {
        spin_guard guard(lock_of(c));
        c.ops->dequeue_locked(c, work_.nodes[k]);
      }
      if (c.ops->left != nullptr) c.ops->left(c);
    }
    switch (winner) {
      case winner_word::timed_out: return due.index;
      case winner_word::cancelled: throw_if_interrupted(wait_result::cancelled); break;
      case winner_word::deadlocked: throw_if_interrupted(wait_result::deadlocked); break;
      case winner_word::ended: throw_ended(*plan_.under);
      default: break;
    }
    const auto k = static_cast<int>(winner);
    operands_.settle(live(k), work_.nodes[k].result == wait_result::closed);
    return work_.live[k];
  }

  select_case* const cases_;
  const int count_;
  const select_plan& plan_;
  select_operands operands_;  // first: the workspace may not be had, and gives back then too
  workspace work_;
  int live_ = 0;
  int lock_count_ = 0;
};

}  // namespace

int select_locked(select_case* cases, int count, const select_plan& plan, const void* pc) {
  return locked_select(cases, count, plan).run(pc);
}

}  // namespace weft::rt::selecting
