// All stacks of one size: reserved in slabs, committed by touch, guarded, never unmapped in a run.
//
// allocate, release and the batch forms: any thread, under one spin lock that is held across system
// calls only when a fresh slot must be guarded. Processors go through their stack_cache instead.
// find and for_each: any thread, no lock, find also in a signal handler: slabs and slots are only
// ever added, so a slot that was handed out once keeps its place, and what lies at its top may be
// read by a debugger at any time.
//
// A slab is one reservation:   [links][guard|stack][guard|stack]...   slots `slot_bytes` apart.
// A slot's stack ends `colour` bytes below the slot's end, a multiple of 64 that depends on the
// slot's number: the hot lines of many parked stacks then fall into different sets of the L1 cache.
// It stays below 1 KiB, so that a shallow task touches one page. Links of the free list live in the
// slab's first pages and not in the stacks, which stay as their last user left them.
//
// Rejected: one mapping a stack (two mappings with its guard, and the kernel allows 65,530); the
// guard as a gap in the slab made by mprotect always (2.5 us and two mappings; it is the fallback).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "runtime/base/atomic.hpp"
#include "runtime/base/spin_lock.hpp"
#include "runtime/base/stack_span.hpp"
#include "runtime/stack/stack_class.hpp"

namespace weft::rt {

// Why there is no stack. text() is for people.
struct stack_failure {
  enum class kind : std::uint8_t { none, reserve, guard, full };
  kind what = kind::none;
  int error = 0;  // errno value, 0 for full

  std::string text() const;
};

class stack_pool {
 public:
  explicit constexpr stack_pool(stack_class of) noexcept : class_(of) {}
  stack_pool(const stack_pool&) = delete;
  stack_pool& operator=(const stack_pool&) = delete;

  // The process-wide pool of stack_classes[index]. Never destroyed.
  static stack_pool& of_class(std::size_t index) noexcept;

  // An empty span when the system refuses; `why`, if given, then says what.
  stack_span allocate(stack_failure* why = nullptr) noexcept;
  // Exactly a span that allocate returned.
  void release(stack_span span) noexcept;

  // Several at once: fills out[0..n), n <= count, and returns n; 0 only on failure. Fresh slots are
  // guarded one system call each, so they are made `fresh_batch` at a time at most.
  std::size_t allocate_batch(stack_span* out, std::size_t count,
                             stack_failure* why = nullptr) noexcept;
  void release_batch(const stack_span* spans, std::size_t count) noexcept;
  static constexpr std::size_t fresh_batch = 8;

  // The slot that `address` lies in, if it is one of ours and was ever handed out: its span, and
  // whether the address is in the guard below it. Async-signal-safe.
  bool find(const void* address, stack_span& out, bool& in_guard) const noexcept;

  // Every slot ever handed out, free ones included; f(stack_span).
  template <class F>
  void for_each(F&& f) const {
    const std::uint32_t slabs =
        slab_count_.load(WEFT_ORDER(stack_pool_for_each_slabs, std::memory_order_acquire));
    for (std::uint32_t i = 0; i < slabs; ++i) {
      const std::uint32_t carved =
          slabs_[i].carved.load(WEFT_ORDER(stack_pool_for_each_carved, std::memory_order_acquire));
      for (std::uint32_t slot = 0; slot < carved; ++slot) f(span_of(slabs_[i], slot));
    }
  }

  std::size_t slots() const noexcept;       // ever handed out
  std::size_t slots_free() const noexcept;  // in the pool's free list, not counting caches
  std::size_t slot_bytes() const noexcept { return class_.usable_bytes + stack_guard_bytes; }
  std::size_t usable_bytes() const noexcept { return class_.usable_bytes; }

  // Unmaps everything. Only when no slot is in use, nobody looks and no cache holds any: tests.
  void reset() noexcept;

 private:
  static constexpr std::uint32_t max_slabs = 256;
  static constexpr std::uint32_t slot_bits = 24;
  static constexpr std::uint32_t no_slot = UINT32_MAX;
  static constexpr std::uint32_t colours = 16;
  static constexpr std::size_t colour_bytes = 64;

  // Constant from the moment slab_count_ covers it, except `carved`.
  struct slab {
    std::byte* reservation = nullptr;
    std::size_t reserved_bytes = 0;
    std::byte* first_slot = nullptr;
    std::uint32_t slots = 0;
    // Slots handed out at least once. Written under lock_ after the slot's guard is in place, read
    // by for_each and find (acquire).
    atomic<std::uint32_t> carved{0};
    // Free-list link of each slot; under lock_.
    std::uint32_t* links() const noexcept { return reinterpret_cast<std::uint32_t*>(reservation); }
  };

  stack_span span_of(const slab& in, std::uint32_t slot) const noexcept;
  std::uint32_t id_of(stack_span span) const noexcept;
  const slab* slab_of(const void* address) const noexcept;
  bool add_slab_locked(stack_failure& why) noexcept;
  bool carve_locked(stack_span& out, stack_failure& why) noexcept;
  void push_free_locked(std::uint32_t id) noexcept;

  const stack_class class_;

  mutable spin_lock lock_;
  // Under lock_.
  std::uint32_t free_head_ = no_slot;
  std::size_t free_count_ = 0;

  // Written under lock_ (release) when a slab is complete, read by anybody (acquire).
  atomic<std::uint32_t> slab_count_{0};
  slab slabs_[max_slabs];
};

// Over all process-wide pools; async-signal-safe.
bool find_stack(const void* address, stack_span& out, bool& in_guard) noexcept;

}  // namespace weft::rt
