// All stacks of one size: reserved in slabs, committed by touch, guarded, never unmapped in a run.
//
// allocate, release and the batch forms: any thread, under one spin lock for the lists; system
// calls for guards are made outside it. Processors go through their stack_cache instead. find and
// for_each: any thread, no lock, find also in a signal handler: slabs and slots are only ever
// added, so a slot keeps its place for ever, and what lies at its top may be read by a debugger at
// any time (untouched memory reads as zero).
//
// A slab is one reservation:   [links][guard|stack][guard|stack]...   slots `slot_bytes` apart.
// A slot's stack ends `colour` bytes below the slot's end, a multiple of 64 that depends on the
// slot's number: the hot lines of many parked stacks then fall into different sets of the L1 cache.
// It stays below 1 KiB, so that a shallow task touches one page. Links of the free list live in the
// slab's first pages and not in the stacks, which stay as their last user left them.
//
// Rejected: one mapping a stack (two mappings with its guard, and the kernel allows 65,530); guards
// by mprotect everywhere (2.5 us and two mappings each; it is the fallback); guarding a whole batch
// by one process_madvise (needs a descriptor of oneself, which means the parent after a fork).
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
  enum class kind : std::uint8_t {
    none,
    reserve,        // no address space
    guard,          // a light guard was refused
    guard_mapping,  // mprotect was refused: usually too many mappings
    full,           // more slabs than the pool can name
  };
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

  // Several at once: fills out[0..n), n <= count, the warmest first, and returns n; 0 only on
  // failure. A fresh slot costs a system call, so at most fresh_batch of them come at a time.
  std::size_t allocate_batch(stack_span* out, std::size_t count,
                             stack_failure* why = nullptr) noexcept;
  // The warmest last.
  void release_batch(const stack_span* spans, std::size_t count) noexcept;
  static constexpr std::size_t fresh_batch = 8;

  // The slot that `address` lies in, if it is one of ours: its span, and whether the address is in
  // the guard below it. Async-signal-safe.
  bool find(const void* address, stack_span& out, bool& in_guard) const noexcept;

  // Every slot that was ever handed out, or may be next; f(stack_span).
  template <class F>
  void for_each(F&& f) const {
    const std::uint32_t slabs =
        slab_count_.load(WEFT_ORDER("stack_pool.for_each", std::memory_order_acquire));
    for (std::uint32_t i = 0; i < slabs; ++i) {
      const std::uint32_t carved = slabs_[i].carved.load(std::memory_order_relaxed);
      for (std::uint32_t slot = 0; slot < carved; ++slot) f(span_of(slabs_[i], slot));
    }
  }

  std::size_t slots() const noexcept;       // as many as for_each visits
  std::size_t slots_free() const noexcept;  // in the pool's free list, not counting caches
  std::size_t slot_bytes() const noexcept { return class_.usable_bytes + stack_guard_bytes; }
  std::size_t usable_bytes() const noexcept { return class_.usable_bytes; }

  // So that a forked child finds the lists whole.
  void lock_for_fork() noexcept { lock_.lock(); }
  void unlock_after_fork() noexcept { lock_.unlock(); }

  // Unmaps everything. Only when no slot is in use, nobody looks and no cache holds any: tests.
  void reset() noexcept;

 private:
  static constexpr std::uint32_t max_slabs = 256;
  static constexpr std::uint32_t slot_bits = 24;  // of a slot's id; the slab's number is above
  static constexpr std::uint32_t end_of_list = UINT32_MAX;
  static constexpr std::uint32_t handed_out = UINT32_MAX - 1;  // link of a slot on no list
  static constexpr std::uint32_t colours = 16;
  static constexpr std::size_t colour_bytes = 64;

  enum class guard_way : std::uint8_t { unknown, light, mapping };

  // Constant from the moment slab_count_ covers it, except `carved` and the links.
  struct slab {
    std::byte* reservation = nullptr;
    std::size_t reserved_bytes = 0;
    std::byte* first_slot = nullptr;
    std::uint32_t slots = 0;
    // Slots taken from the reservation, in order. Written under lock_, read by for_each and find;
    // relaxed, because it only says how far to look, and a slot's place is known from the start.
    atomic<std::uint32_t> carved{0};
    // Of each slot: the next one on its list, or handed_out; under lock_.
    std::uint32_t* links() const noexcept { return reinterpret_cast<std::uint32_t*>(reservation); }
  };

  stack_span span_of(const slab& in, std::uint32_t slot) const noexcept;
  stack_span span_of(std::uint32_t id) const noexcept;
  std::uint32_t id_of(stack_span span) const noexcept;
  bool locate(const void* address, std::uint32_t& slab_number, std::uint32_t& slot,
              std::size_t& offset) const noexcept;

  std::uint32_t pop_locked(std::uint32_t& head) noexcept;
  void push_locked(std::uint32_t& head, std::uint32_t id) noexcept;
  bool add_slab_locked(stack_failure& why) noexcept;
  std::size_t carve_locked(std::uint32_t* ids, std::size_t count, stack_failure& why) noexcept;
  bool guard(stack_span span, stack_failure& why) noexcept;

  const stack_class class_;

  mutable spin_lock lock_;
  // Under lock_. Free slots, and those whose guard could not be placed: tried again before carving.
  std::uint32_t free_head_ = end_of_list;
  std::uint32_t bare_head_ = end_of_list;
  std::size_t free_count_ = 0;

  // How guards are made here, found out at the first; relaxed: any order of answers is right.
  atomic<guard_way> way_{guard_way::unknown};

  // Written under lock_ when a slab is complete (release), read without it by for_each and find
  // (acquire): they then see the slab's fields.
  atomic<std::uint32_t> slab_count_{0};
  slab slabs_[max_slabs];
};

// Over all process-wide pools; async-signal-safe.
bool find_stack(const void* address, stack_span& out, bool& in_guard) noexcept;

}  // namespace weft::rt
