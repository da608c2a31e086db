#include "runtime/task/wait.hpp"

#include <weft/error.hpp>
#include "runtime/base/choose.hpp"
#include "runtime/task/thread_waiter.hpp"

namespace weft::rt {
namespace {

// A task that is unwinding waits normally, so that destructors can join, wait and re-lock.
bool is_unwinding(const task& self) noexcept {
  return self.ctx.thread_exceptions->uncaught > 0 || self.ending;
}

void fill_site(wait_site& site, const task& self, const wait_place& place,
               interruptible may_interrupt) noexcept {
  site.place = place;
  site.since_ns = coarse_now_ns();
  site.interruptible = may_interrupt == interruptible::yes && !is_unwinding(self);
}

wait_result park_thread_for_one(spin_lock& held, const wait_node& node,
                                const wait_place& place) noexcept {
  wait_site site;
  site.place = place;
  held.unlock();
  static_cast<thread_waiter*>(node.who)->park(site, never_ns);
  return node.result;
}

wait_result result_of(std::uint32_t winner, wait_result of_node) noexcept {
  switch (winner) {
    case winner_word::timed_out: return wait_result::timed_out;
    case winner_word::cancelled: return wait_result::cancelled;
    case winner_word::deadlocked: return wait_result::deadlocked;
    case winner_word::ended: return wait_result::ended;
    default: return of_node;
  }
}

void note_interruption(const task& self, const wait_place& place, bool by_deadlock) noexcept {
  this_thread().thrown = {&self, place.reason, place.pc, by_deadlock};
}

}  // namespace

waiter& current_waiter() {
  if (task* self = current_task()) return *self;
  return thread_waiter::here();
}

void checkpoint() {
  thread_info& here = this_thread();
  task* self = here.current;
  if (self == nullptr) [[unlikely]] {
    // A foreign thread counts from its first call on: it may wake somebody later.
    if (here.foreign == nullptr) (void)thread_waiter::here();
    return;
  }
#if defined(WEFT_FORCED_YIELDS) && WEFT_FORCED_YIELDS
  if (choose_here(4) == 0) yield_task(*self);
#endif
  if (__builtin_expect(self->cancel.requested(), 0) && !is_unwinding(*self)) {
    this_thread().thrown = {self, wait_reason::none, nullptr, false};
    throw task_cancelled{};
  }
}

void throw_if_interrupted(wait_result result, end_signal* under) {
  if (result == wait_result::cancelled) throw task_cancelled{};
  if (result == wait_result::deadlocked) throw deadlocked{};
  if (result == wait_result::ended) throw_ended(*under);
}

void make_ready(waiter& who) noexcept {
  if (who.kind == waiter_kind::task)
    ready_task(static_cast<task&>(who));
  else
    static_cast<thread_waiter&>(who).ready();
}

wait_result wait_one(spin_lock& held, wait_queue& queue, wait_node& node, const wait_place& place,
                     interruptible may_interrupt) noexcept {
  task* self = current_task();
  node.who = self != nullptr ? static_cast<waiter*>(self) : &thread_waiter::here();
  queue.push_back(node);
  if (self == nullptr) return park_thread_for_one(held, node, place);

  wait_site site;
  fill_site(site, *self, place, may_interrupt);
  site.lock = &held;
  site.node = &node;
  if (self->cancel.publish(site) && site.interruptible) {
    queue.unlink(node);
    node.result = wait_result::cancelled;
    held.unlock();
  } else {
    park_task(*self, held);
  }
  self->cancel.withdraw();
  if (node.result == wait_result::cancelled || node.result == wait_result::deadlocked) [[unlikely]]
    note_interruption(*self, place, node.result == wait_result::deadlocked);
  return node.result;
}

wait_result wait_one_until(spin_lock& held, wait_queue& queue, wait_node& node,
                           const wait_place& place, wait_limits limits,
                           interruptible may_interrupt) noexcept {
  if (limits.is_none()) return wait_one(held, queue, node, place, may_interrupt);
  any_wait wait(place, nullptr, 0);
  node.who = &wait.who();
  node.winner = &wait.word();
  queue.push_back(node);
  held.unlock();
  const std::uint32_t winner = wait.wait(limits, may_interrupt);
  {
    // Also waits for the end of the waker's critical section, which wrote the result.
    spin_guard guard(held);
    if (node.is_linked()) queue.unlink(node);
  }
  node.result = result_of(winner, node.result);
  return node.result;
}

wait_result wait_until(const wait_place& place, wait_limits limits) noexcept {
  any_wait wait(place, nullptr, 0);
  const wait_result result = result_of(wait.wait(limits), wait_result::ok);
  return result == wait_result::timed_out ? wait_result::ok : result;
}

any_wait::any_wait(const wait_place& place, const wait_case* cases, std::uint32_t count) noexcept
    : who_(&current_waiter()) {
  site_.place = place;
  site_.winner = &word_;
  site_.who = who_;
  site_.cases = cases;
  site_.case_count = count;
}

void any_wait::fire(timer_node& timer) noexcept {
  auto& wait = *static_cast<any_wait*>(timer.arg);
  waiter& who = wait.who();
  if (wait.word().claim_asleep(wait.at_time_) == winner_word::claim_result::won_parked) make_ready(who);
}

std::uint32_t any_wait::wait(wait_limits limits, interruptible may_interrupt) noexcept {
  if (limits.under != nullptr) return wait_under(limits, may_interrupt);
  const bool is_to_look = look_ns_ != never_ns && look_ns_ <= limits.deadline_ns;
  at_time_ = is_to_look ? winner_word::look_again : winner_word::timed_out;
  const std::int64_t until_ns = is_to_look ? look_ns_ : limits.deadline_ns;
  if (who_->kind == waiter_kind::thread) return wait_as_thread(until_ns);
  task& self = static_cast<task&>(*who_);
  fill_site(site_, self, site_.place, may_interrupt);
  site_.has_deadline = until_ns != never_ns;

  timer_node timer;
  if (self.cancel.publish(site_) && site_.interruptible) {
    (void)word_.claim(winner_word::cancelled);  // or somebody was faster; either way it is won
  } else if (!word_.is_won()) {
    if (site_.has_deadline) {
      timer.fire = &fire;
      timer.arg = this;
      arm_timer(timer, until_ns);
    }
    park_task_any(self, word_);
    if (site_.has_deadline) disarm_timer(timer);
  }
  self.cancel.withdraw();
  const std::uint32_t winner = word_.winner();
  if (winner == winner_word::cancelled || winner == winner_word::deadlocked) [[unlikely]]
    note_interruption(self, site_.place, winner == winner_word::deadlocked);
  return winner;
}

std::uint32_t any_wait::wait_under(wait_limits limits, interruptible may_interrupt) noexcept {
  end_signal& under = *limits.under;
  wait_node node;
  node.who = who_;
  node.winner = &word_;
  node.index = winner_word::ended;
  {
    spin_guard guard(under.lock);
    if (under.reason.load(std::memory_order_relaxed) == end_reason::none)
      under.waiters.push_back(node);
    else
      (void)word_.claim(winner_word::ended);  // or something was faster
  }
  const bool ends_first = under.deadline_ns < limits.deadline_ns;
  const std::uint32_t winner =
      wait({ends_first ? under.deadline_ns : limits.deadline_ns}, may_interrupt);
  {
    // Also waits for the end of the critical section of whoever ends it.
    spin_guard guard(under.lock);
    if (node.is_linked()) under.waiters.unlink(node);
  }
  return winner == winner_word::timed_out && ends_first ? winner_word::ended : winner;
}

std::uint32_t any_wait::wait_as_thread(std::int64_t until_ns) noexcept {
  auto& self = static_cast<thread_waiter&>(*who_);
  // From here the winner makes us ready; one who won before does not, and we do not block.
  if (!word_.try_park()) return word_.winner();
  if (!self.park(site_, until_ns)) {
    if (word_.claim_asleep(at_time_) == winner_word::claim_result::lost)
      self.park(site_, never_ns);  // the winner is on its way to ready()
  }
  return word_.winner();
}

bool interrupt_wait(wait_site& site, wait_result why) noexcept {
  if (!site.interruptible) return false;
  if (site.winner != nullptr) {
    const std::uint32_t claim = why == wait_result::deadlocked ? winner_word::deadlocked
                                                               : winner_word::cancelled;
    // The task cannot leave the wait while we look, so its record may be read after the claim.
    waiter* who = site.who;
    const auto claimed = site.winner->claim(claim);
    if (claimed == winner_word::claim_result::won_parked) make_ready(*who);
    return claimed != winner_word::claim_result::lost;
  }
  waiter* who = nullptr;
  {
    spin_guard guard(*site.lock);
    wait_node& node = *site.node;
    if (!node.is_linked()) return false;
    node.queue->unlink(node);
    node.result = why;
    who = node.who;
  }
  make_ready(*who);
  return true;
}

bool drop_wait(wait_site& site) noexcept {
  if (site.winner != nullptr)
    return site.winner->claim_asleep(winner_word::cancelled) != winner_word::claim_result::lost;
  spin_guard guard(*site.lock);
  if (!site.node->is_linked()) return false;
  site.node->queue->unlink(*site.node);
  return true;
}

void cancel_task(task& target) noexcept {
  target.cancel.request([](wait_site& site) { interrupt_wait(site, wait_result::cancelled); });
}

}  // namespace weft::rt
