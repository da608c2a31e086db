// The lists of idle processors and of workers without one: small steps under the idle lock, for
// idle_workers.cpp and pinned.cpp.
#pragma once

#include "runtime/base/check.hpp"
#include "scheduler/scheduler.hpp"

namespace weft::sched {

inline void push_idle_locked(scheduler& s, processor& p) noexcept {
  p.next_idle = s.idle_processors;
  s.idle_processors = &p;
}

inline processor* pop_idle_locked(scheduler& s) noexcept {
  processor* p = s.idle_processors;
  if (p == nullptr) return nullptr;
  s.idle_processors = p->next_idle;
  s.deadlock_said = deadlock_news::none;
  return p;
}

inline void count_taken_locked(scheduler& s, bool as_searcher) noexcept {
  s.idle.processor_taken(as_searcher);
  monitor_poke();
}

inline void push_spare_locked(scheduler& s, worker& w) noexcept {
  WEFT_CHECK(!w.is_spare, "a worker is spare once");
  w.is_spare = true;
  w.next_spare = s.spare_workers;
  s.spare_workers = &w;
}

inline worker* pop_spare_locked(scheduler& s) noexcept {
  worker* w = s.spare_workers;
  if (w == nullptr) return nullptr;
  s.spare_workers = w->next_spare;
  w->is_spare = false;
  return w;
}

// False if somebody has given it a processor meanwhile.
inline bool remove_spare_locked(scheduler& s, worker& w) noexcept {
  if (!w.is_spare) return false;
  worker** link = &s.spare_workers;
  while (*link != &w) link = &(*link)->next_spare;
  *link = w.next_spare;
  w.is_spare = false;
  return true;
}

inline void give_processor_locked(scheduler& s, worker& w, processor& p, bool as_searcher) noexcept {
  w.p = &p;
  w.searching = as_searcher;
  w.awake_since_ns = 0;
  w.searched_ns = 0;
  count_taken_locked(s, as_searcher);
}

// The processor's tasks must lie where others can take them: what is in the front of an idle processor
// would be nobody's. By the owner, before leave_processor_locked.
inline void take_out_front(worker& w) noexcept {
  processor& p = *w.p;
  if (rt::task* first = p.front.take_first()) push_shared(p, *first);
  if (rt::task* next = p.front.take_next()) push_shared(p, *next);
}

// The worker goes on without a processor and without being spare.
inline void leave_processor_locked(scheduler& s, worker& w) noexcept {
  push_idle_locked(s, *w.p);
  w.p = nullptr;
  s.idle.processor_went_idle(false);
}

}  // namespace weft::sched
