// What select needs to know about a case, whatever its kind, and the calls into the library.
//
// A kind of thing that can stand in a select brings a table of functions (rt::select_ops, in
// runtime/task/select_case.hpp) and a clause: a class that names itself with
// `using weft_select_clause = void;` and has
//
//   void arm(detail::select_case& to, detail::select_plan& plan, int index);   // before each select
//   void finish(const detail::select_case& chosen);           // after it was chosen: no lock is held
//
// The clause outlives the select. Only the selecting task or thread touches these records.
#pragma once

#include <cstdint>
#include <type_traits>

#include <weft/detail/chan_core.hpp>
#include <weft/detail/export.hpp>

namespace weft {

namespace rt {
struct select_ops;
}

namespace detail {

struct select_case;

// For operands that need work before and after, outside of locks (a value on its way into a box).
struct select_operand {
  void (*prepare)(select_case& to);  // may throw; sets to.cell
  void (*unprepare)(select_case& to);  // throws what a move back does
  void (*sent)(select_case& to) noexcept;  // by another case that has the same source
  // Of a prepared value that must be given back (moved from); null: it was copied. Prepared after
  // those, and once for all cases that move from the same object.
  const void* (*source)(const select_case& of) noexcept;
};

struct select_case {
  // By arm().
  const rt::select_ops* ops = nullptr;      // null: never ready (otherwise, timeouts)
  void* object = nullptr;                   // null: never ready (nil)
  void* cell = nullptr;                     // where the value lies or goes
  const select_operand* operand = nullptr;  // null: nothing to prepare
  void* clause = nullptr;                   // for the operand's functions
  std::uint64_t amount = 0;                 // for the kind: units wanted, mode ...

  // By select.
  bool is_prepared = false;
  bool shares = false;     // the cell of another case that moves from the same object
  bool is_closed = false;  // chosen because the channel is closed
  void* note = nullptr;    // for the kind, between dequeue_locked and left
};

// What stands in a select beside the cases that can become ready.
struct select_plan {
  int otherwise = -1;                      // index, or -1
  int timeout = -1;                        // of the earliest timeout(d)
  int until = -1;                          // of the earliest until(t)
  std::int64_t delay_ns = no_deadline;     // of timeout
  std::int64_t deadline_ns = no_deadline;  // of until
  rt::end_signal* under = nullptr;         // the context of the whole select
  // Ours: an std::exception_ptr. The move that gave an operand back threw: for the user, once the
  // chosen case is finished.
  mutable void* lost = nullptr;

  select_plan() noexcept = default;
  select_plan(const select_plan&) = delete;
  ~select_plan() {
    if (lost != nullptr) forget_lost();
  }
  WEFT_API void rethrow_lost() const;
  WEFT_API void forget_lost() const noexcept;

  void add_otherwise(int index);  // throws if there is one already
  void add_timeout(int index, std::int64_t delay) noexcept {
    if (timeout >= 0 && delay >= delay_ns) return;
    timeout = index;
    delay_ns = delay;
  }
  void add_until(int index, std::int64_t deadline) noexcept {
    if (until >= 0 && deadline >= deadline_ns) return;
    until = index;
    deadline_ns = deadline;
  }
};

// Returns the index of what was chosen; the case then has been done, not yet finished.
// Throws task_cancelled, deadlocked, what an operand's copy throws: then nothing was done.
WEFT_API int select_run(select_case* cases, int count, const select_plan& plan, const void* pc);

[[noreturn]] WEFT_API void select_two_otherwise();

inline void select_plan::add_otherwise(int index) {
  if (otherwise >= 0) select_two_otherwise();
  otherwise = index;
}

// The kinds that channels bring, and other things of ours.
WEFT_API extern const rt::select_ops chan_recv_ops, chan_send_ops;
WEFT_API extern const rt::select_ops join_ops, mutex_ops, shared_mutex_ops, semaphore_ops;
WEFT_API extern const rt::select_ops wait_group_ops;

}  // namespace detail

// What select() accepts: a case made by recv(), send(), otherwise(), timeout(), until() and others.
template <class C>
concept select_clause = requires { typename std::remove_cvref_t<C>::weft_select_clause; };

}  // namespace weft
