// Cancelling a task that may be parked anywhere: the handshake between the task and its canceller.
//
// A task publishes where it waits (its wait site, on its own stack) before it parks and withdraws
// it when it runs again. A canceller sets `requested` and looks at the site. Two races are closed:
//
//   lost request   the task publishes and does not see the request, the canceller looks and does
//   not
//                  see the site. Store-load on both sides: an asymmetric fence, because the task
//                  waits millions of times and is cancelled once.
//   dead site      the canceller follows the site while the task returns and destroys what it
//   waited
//                  on. While the canceller looks it sets `busy`, and a task that withdraws its site
//                  (or finishes) and sees `busy` stays until it is cleared. Same fence.
//
// The record is type-stable (task slots are reused, never unmapped during a run), so a canceller
// may come at any time, also to a task that has finished; cancellers of one record take turns under
// a lock of the record. Invariant: a record that is not live has no request set, except while a
// canceller that will take it back is looking.
//
// Rejected: a lock of the task around every wait (two locked instructions on the hottest path);
// reference-counted primitives (channels are, mutexes cannot be).
#pragma once

#include <cstdint>

#include "runtime/base/asymmetric_fence.hpp"
#include "runtime/base/atomic.hpp"
#include "runtime/base/spin_lock.hpp"
#if !defined(WEFT_MODEL)
#include <sched.h>
#endif

namespace weft::rt {

template <class Site>
class cancel_state {
 public:
  // --- by the task ---

  // Before the record can be seen as live. A fresh record is all zero. A canceller that sees it
  // live reads nothing of the task but its site, which is published by itself.
  // Release pairs with hold(): who sees it live sees the record that it belongs to.
  void start() noexcept { live_.store(1, std::memory_order_release); }

  bool requested() const noexcept {
    return (word_.load(std::memory_order_relaxed) & requested_bit) != 0;
  }

  // With the lock of the thing waited for held. True: cancelled, do not park (unlink, unlock, then
  // withdraw(): the canceller may be waiting for that lock).
  [[nodiscard]] bool publish(Site& site) noexcept {
    // Pairs with the load in request(): what the site says is complete.
    site_.store(&site, WEFT_ORDER("cancel_state.publish", std::memory_order_release));
    asymmetric_light("cancel_state.publish_fence");
    return requested();
  }

  // Runs again, no lock held. After it nobody looks at the site any more.
  void withdraw() noexcept {
    site_.store(nullptr, std::memory_order_relaxed);
    asymmetric_light("cancel_state.withdraw_fence");
    // Pairs with the end of visit(): a canceller that looked before has stopped looking.
    if (word_.load(WEFT_ORDER("cancel_state.withdraw", std::memory_order_acquire)) != 0)
      wait_while_busy();
  }

  // Last words of the task: after it nobody looks at the record's task, and the record is clean.
  void finish() noexcept {
    live_.store(0, std::memory_order_relaxed);
    asymmetric_light("cancel_state.finish_fence");
    // Whoever looked at a site has been awaited by withdraw(); there is nothing else to look at.
    if (word_.load(std::memory_order_relaxed) == 0) return;
    wait_while_busy();
    word_.fetch_and(~requested_bit, std::memory_order_relaxed);
  }

  // --- by a canceller: any thread ---

  // Asks for cancellation; look(site) is called if the task is waiting, and may lock what the site
  // names: it stays alive. True if there was a live task.
  template <class Look>
  bool request(Look&& look) noexcept {
    return visit(requested_bit, [&](Site* site) {
      if (site != nullptr) look(*site);
    });
  }

  // The same without asking: to interrupt one wait.
  template <class Look>
  bool inspect(Look&& look) noexcept {
    return visit(0, [&](Site* site) {
      if (site != nullptr) look(*site);
    });
  }

  // Calls look(site) while the task stays as it is: it does not leave its wait, or, if it runs and
  // the site is null, does not end. False: there is no live task.
  template <class Look>
  bool hold(Look&& look) noexcept {
    return visit(0, static_cast<Look&&>(look));
  }

  // A hint: the answer may be old.
  bool is_live() const noexcept { return live_.load(std::memory_order_acquire) != 0; }

  Site* site_hint() const noexcept { return site_.load(std::memory_order_acquire); }

 private:
  static constexpr std::uint32_t requested_bit = 1;
  static constexpr std::uint32_t busy_bit = 2;

  template <class Look>
  bool visit(std::uint32_t ask, Look&& look) noexcept {
    spin_guard turn(turn_);
    word_.fetch_or(ask | busy_bit, std::memory_order_relaxed);
    asymmetric_heavy("cancel_state.visit_fence");
    const bool live = live_.load(std::memory_order_acquire) != 0;
    if (live) look(site_.load(WEFT_ORDER("cancel_state.visit_site", std::memory_order_acquire)));
    const std::uint32_t clear = live ? busy_bit : (ask | busy_bit);
    // Pairs with wait_while_busy(): we have stopped looking.
    word_.fetch_and(~clear, WEFT_ORDER("cancel_state.visit_done", std::memory_order_release));
    return live;
  }

#if !defined(WEFT_MODEL)
  [[gnu::noinline, gnu::cold]]
#endif
  void
  wait_while_busy() noexcept {
    for (int spins = 0; (word_.load(WEFT_ORDER("cancel_state.wait_while_busy",
                                               std::memory_order_acquire)) &
                         busy_bit) != 0;) {
      cpu_relax();
#if !defined(WEFT_MODEL)
      if (++spins % 128 == 0) sched_yield();  // the canceller may have been preempted
#else
      (void)spins;
#endif
    }
  }

  // Written by the task: its wait site, null while it runs. Read by cancellers while busy is set.
  atomic<Site*> site_{nullptr};
  // requested (set by cancellers, cleared by finish) and busy (cancellers only).
  atomic<std::uint32_t> word_{0};
  // Written by the task at its start and end; read by cancellers.
  atomic<std::uint32_t> live_{0};
  // Cancellers of this record, one at a time. Never held by the task.
  spin_lock turn_;
};

}  // namespace weft::rt
