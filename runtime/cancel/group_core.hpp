// The core of weft::group: a context that knows its tasks.
//
// Any task or thread. Members count from the moment in which go() got their slot until they and
// their closure have ended; each holds a reference. A member stands in `members_` while it runs and
// has not been cancelled, so the end of the context, which is a hook of ours, cancels each once. A
// member that begins after the end cancels itself.
//
// If the context has a deadline, somebody must notice it while there are members that it could end:
// then, and only then, a due_call is pending.
//
// Lock order: timer_lock_, then the timers'; members_lock_, then whatever a member waits for. count_lock_
// is taken alone; nobody is woken and no user code runs under any of them.
#pragma once

#include <exception>

#include "runtime/cancel/context_core.hpp"
#include "runtime/sync/sync.hpp"
#include "runtime/task/wait.hpp"
#include "runtime/time/due_call.hpp"

namespace weft::rt {

class group_core final : public context_core {
 public:
  explicit group_core(context_core* parent) noexcept;

  static group_core* of(end_signal* signal) noexcept { return static_cast<group_core*>(signal); }

  // Waits for a slot. Throws task_cancelled, or what setting a timer throws.
  void enter(const void* pc);
  void leave() noexcept;

  struct member {
    group_core* group = nullptr;
    task* running = nullptr;
    member* next = nullptr;
    member* prev = nullptr;
    bool is_linked = false;
  };
  // By the member's task.
  void begin(member& self) noexcept;
  void end(member& self) noexcept;
  void failed(std::exception_ptr error) noexcept;
  void cut_short() noexcept;

  void wait(end_signal* under, const void* pc);
  void end_and_wait(const void* pc) noexcept;
  void set_limit(std::int64_t most) noexcept;

 private:
  struct on_end : end_hook {
    group_core* group;
  };

  bool has_room_locked() const noexcept { return limit_ < 0 || active_ < limit_; }
  void let_in_locked(wake_list& wake) noexcept;
  wait_result wait_until_empty(end_signal* under, const void* pc, interruptible how) noexcept;
  void cancel_members() noexcept;
  void unlink_locked(member& m) noexcept;
  void adjust_timer();

  on_end hook_;

  spin_lock members_lock_;
  member* members_ = nullptr;  // under members_lock_

  spin_lock count_lock_;
  // Under count_lock_.
  std::int64_t active_ = 0;
  std::int64_t limit_ = -1;
  wait_queue entering_;  // go()
  wait_queue waiting_;   // wait()
  std::exception_ptr error_;
  bool has_failed_ = false;
  bool was_cut_short_ = false;

  spin_lock timer_lock_;
  // Under timer_lock_.
  bool is_timed_ = false;
  due_call at_deadline_;  // while pending it has a reference
};

}  // namespace weft::rt
