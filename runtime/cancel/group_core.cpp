#include "runtime/cancel/group_core.hpp"

#include <utility>

namespace weft::rt {

group_core::group_core(context_core* parent) noexcept
    : context_core(parent, parent != nullptr ? parent->deadline_ns : never_ns, true) {
  hook_.group = this;
  hook_.fire = [](end_hook& hook) noexcept { static_cast<on_end&>(hook).group->cancel_members(); };
  hook_.drop = [](end_hook&) noexcept {};
  (void)add_hook(hook_);  // one that was born ended has no members to cancel
  at_deadline_.arg = this;
  at_deadline_.call = [](due_call& self) noexcept {
    auto& group = *static_cast<group_core*>(self.arg);
    group.end_tree(end_reason::deadline, nullptr);
    group.release();
  };
  at_deadline_.drop = [](due_call& self) noexcept { static_cast<group_core*>(self.arg)->release(); };
}

// ---- slots ----------------------------------------------------------------------------------------

void group_core::enter(const void* pc) {
  count_lock_.lock();
  if (limit_ >= 0) {
    count_lock_.unlock();
    checkpoint();
    count_lock_.lock();
  }
  if (has_room_locked() && entering_.empty()) {
    ++active_;
    count_lock_.unlock();
  } else {
    wait_node node;
    // Who leaves hands its slot over, already counted.
    throw_if_interrupted(wait_one(count_lock_, entering_, node, {wait_reason::group_wait, this, pc}));
  }
  retain();
  try {
    adjust_timer();
  } catch (...) {
    leave();
    throw;
  }
}

void group_core::let_in_locked(wake_list& wake) noexcept {
  while (has_room_locked() && !entering_.empty()) {
    if (const won_waiter won = take_head(entering_)) {
      ++active_;
      won.node->result = wait_result::ok;
      wake.add(won);
    }
  }
}

void group_core::leave() noexcept {
  wake_list wake;
  bool is_empty = false;
  {
    spin_guard guard(count_lock_);
    --active_;
    let_in_locked(wake);
    is_empty = active_ == 0;
    while (is_empty) {
      const won_waiter won = take_waiter(waiting_);
      if (!won) break;
      won.node->result = wait_result::ok;
      wake.add(won);
    }
  }
  if (is_empty) {
    try {
      adjust_timer();
    } catch (...) {
      // Somebody entered meanwhile, and will be told of the same.
    }
  }
  wake();
  release();
}

void group_core::set_limit(std::int64_t most) noexcept {
  wake_list wake;
  {
    spin_guard guard(count_lock_);
    limit_ = most;
    let_in_locked(wake);
  }
  wake();
}

// Brings the timer in line with whether there is somebody whom the deadline could end.
void group_core::adjust_timer() {
  if (deadline_ns == never_ns) return;
  spin_guard turn(timer_lock_);
  bool is_wanted = false;
  {
    spin_guard guard(count_lock_);
    is_wanted = active_ > 0;
  }
  is_wanted = is_wanted && !has_ended();
  if (is_wanted == is_timed_) return;
  if (is_wanted) {
    retain();
    try {
      set_due_call(at_deadline_, deadline_ns);
    } catch (...) {
      release();
      throw;
    }
  } else if (cancel_due_call(at_deadline_)) {
    release();
  }
  is_timed_ = is_wanted;
}

// ---- members --------------------------------------------------------------------------------------

void group_core::begin(member& self) noexcept {
  self.running = current_task();
  {
    spin_guard guard(members_lock_);
    self.next = members_;
    if (members_ != nullptr) members_->prev = &self;
    members_ = &self;
    self.is_linked = true;
  }
  // Who ended the context before comes for the members after that: it finds us, or we find the end.
  if (has_ended()) {
    (void)how_it_ended();
    cancel_task(*self.running);
  }
}

void group_core::unlink_locked(member& m) noexcept {
  (m.prev != nullptr ? m.prev->next : members_) = m.next;
  if (m.next != nullptr) m.next->prev = m.prev;
  m.is_linked = false;
}

void group_core::end(member& self) noexcept {
  // Whoever cancels us holds the lock while it does.
  spin_guard guard(members_lock_);
  if (self.is_linked) unlink_locked(self);
}

void group_core::cancel_members() noexcept {
  for (;;) {
    spin_guard guard(members_lock_);
    if (members_ == nullptr) return;
    member& next = *members_;
    unlink_locked(next);
    cancel_task(*next.running);
  }
}

void group_core::failed(std::exception_ptr error) noexcept {
  {
    spin_guard guard(count_lock_);
    if (has_failed_) return;
    has_failed_ = true;
    error_ = error;
  }
  end_tree(end_reason::cancelled, std::move(error));
}

void group_core::cut_short() noexcept {
  if (!has_ended()) return;  // cancelled by somebody else: the end of the run
  spin_guard guard(count_lock_);
  was_cut_short_ = true;
}

// ---- the end --------------------------------------------------------------------------------------

wait_result group_core::wait_until_empty(end_signal* under, const void* pc,
                                         interruptible how) noexcept {
  count_lock_.lock();
  if (active_ == 0) {
    count_lock_.unlock();
    return wait_result::ok;
  }
  wait_node node;
  return wait_one_until(count_lock_, waiting_, node, {wait_reason::group_wait, this, pc},
                        {never_ns, under}, how);
}

void group_core::wait(end_signal* under, const void* pc) {
  checkpoint();
  check_end(under);
  throw_if_interrupted(wait_until_empty(under, pc, interruptible::yes), under);
  std::exception_ptr error;
  bool was_cut_short = false;
  {
    spin_guard guard(count_lock_);
    error = std::exchange(error_, nullptr);
    was_cut_short = std::exchange(was_cut_short_, false) && !has_failed_;
  }
  if (error) std::rethrow_exception(std::move(error));
  if (was_cut_short) throw_ended(*this);
}

void group_core::end_and_wait(const void* pc) noexcept {
  end_tree(end_reason::cancelled, nullptr);
  (void)wait_until_empty(nullptr, pc, interruptible::no);
}

}  // namespace weft::rt
