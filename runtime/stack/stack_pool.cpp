#include "runtime/stack/stack_pool.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "runtime/base/check.hpp"
#include "runtime/stack/os_memory.hpp"

namespace weft::rt {
namespace {

constinit stack_pool pools[] = {
    stack_pool{stack_classes[0]},
    stack_pool{stack_classes[1]},
    stack_pool{stack_classes[2]},
};
static_assert(sizeof(pools) / sizeof(pools[0]) == stack_class_count, "a pool for each class");

}  // namespace

std::string stack_failure::text() const {
  const std::string reason = error == 0 ? std::string() : std::string(": ") + std::strerror(error);
  switch (what) {
    case kind::none:
      return "no failure";
    case kind::reserve:
      return "cannot reserve address space for stacks" + reason +
             " (limits: ulimit -v, vm.overcommit_memory)";
    case kind::guard:
      return "cannot place a guard below a stack" + reason;
    case kind::guard_mapping: {
      std::string limit;
      std::ifstream("/proc/sys/vm/max_map_count") >> limit;
      return "cannot place a guard below a stack" + reason +
             ". This kernel has no guard pages without a mapping (Linux 6.13 and later has), so "
             "each "
             "stack takes two mappings, and vm.max_map_count" +
             (limit.empty() ? std::string() : " (now " + limit + ")") +
             " limits them: raise it with `sysctl -w vm.max_map_count=1000000`, or run fewer tasks "
             "at a time";
    }
    case kind::full:
      return "no more stacks: the pool's table of slabs is full";
  }
  return "unknown failure";
}

stack_pool& stack_pool::of_class(std::size_t index) noexcept {
  WEFT_CHECK(index < stack_class_count, "no such stack class");
  return pools[index];
}

stack_span stack_pool::span_of(const slab& in, std::uint32_t slot) const noexcept {
  std::byte* const begin = in.first_slot + slot * slot_bytes();
  return {begin + stack_guard_bytes, begin + slot_bytes() - slot % colours * colour_bytes};
}

stack_span stack_pool::span_of(std::uint32_t id) const noexcept {
  return span_of(slabs_[id >> slot_bits], id & ((1u << slot_bits) - 1));
}

bool stack_pool::locate(const void* address, std::uint32_t& slab_number, std::uint32_t& slot,
                        std::size_t& offset) const noexcept {
  const auto wanted = reinterpret_cast<std::uintptr_t>(address);
  const std::uint32_t slabs =
      slab_count_.load(WEFT_ORDER("stack_pool.locate", std::memory_order_acquire));
  for (std::uint32_t i = 0; i < slabs; ++i) {
    const auto begin = reinterpret_cast<std::uintptr_t>(slabs_[i].first_slot);
    const std::uint32_t carved = slabs_[i].carved.load(std::memory_order_relaxed);
    if (wanted < begin || wanted - begin >= carved * slot_bytes()) continue;
    slab_number = i;
    slot = static_cast<std::uint32_t>((wanted - begin) / slot_bytes());
    offset = (wanted - begin) % slot_bytes();
    return true;
  }
  return false;
}

bool stack_pool::find(const void* address, stack_span& out, bool& in_guard) const noexcept {
  std::uint32_t slab_number = 0;
  std::uint32_t slot = 0;
  std::size_t offset = 0;
  if (!locate(address, slab_number, slot, offset)) return false;
  out = span_of(slabs_[slab_number], slot);
  in_guard = offset < stack_guard_bytes;
  return true;
}

std::uint32_t stack_pool::id_of(stack_span span) const noexcept {
  std::uint32_t slab_number = 0;
  std::uint32_t slot = 0;
  std::size_t offset = 0;
  WEFT_CHECK(
      locate(span.lo, slab_number, slot, offset) && span == span_of(slabs_[slab_number], slot),
      "a released stack is not this pool's");
  return slab_number << slot_bits | slot;
}

std::uint32_t stack_pool::pop_locked(std::uint32_t& head) noexcept {
  const std::uint32_t id = head;
  if (id == end_of_list) return id;
  std::uint32_t& link = slabs_[id >> slot_bits].links()[id & ((1u << slot_bits) - 1)];
  head = link;
  link = handed_out;
  return id;
}

void stack_pool::push_locked(std::uint32_t& head, std::uint32_t id) noexcept {
  std::uint32_t& link = slabs_[id >> slot_bits].links()[id & ((1u << slot_bits) - 1)];
  WEFT_CHECK(link == handed_out, "a stack is released twice");
  link = head;
  head = id;
}

// Each slab doubles the last one; where the address space is short, a smaller one will do.
bool stack_pool::add_slab_locked(stack_failure& why) noexcept {
  const std::uint32_t number = slab_count_.load(std::memory_order_relaxed);
  if (number == max_slabs) {
    why = {stack_failure::kind::full, 0};
    return false;
  }
  std::uint32_t slots = class_.first_slab_slots;
  if (number > 0) slots = std::min(slabs_[number - 1].slots * 2, class_.largest_slab_slots);
  for (;; slots /= 2) {
    const std::size_t link_bytes = round_up_to_page(slots * sizeof(std::uint32_t));
    const std::size_t bytes = link_bytes + slots * slot_bytes();
    void* at = nullptr;
    const int error = os_memory_in_use().reserve(bytes, &at);
    if (error == 0) {
      slab& fresh = slabs_[number];
      fresh.reservation = static_cast<std::byte*>(at);
      fresh.reserved_bytes = bytes;
      fresh.first_slot = fresh.reservation + link_bytes;
      fresh.slots = slots;
      fresh.carved.store(0, std::memory_order_relaxed);
      slab_count_.store(number + 1, WEFT_ORDER("stack_pool.add_slab", std::memory_order_release));
      return true;
    }
    if (slots == 1) {
      why = {stack_failure::kind::reserve, error};
      return false;
    }
  }
}

// Takes up to count slots that were never used, all from one slab, without their guards.
std::size_t stack_pool::carve_locked(std::uint32_t* ids, std::size_t count,
                                     stack_failure& why) noexcept {
  std::uint32_t slabs = slab_count_.load(std::memory_order_relaxed);
  if (slabs == 0 ||
      slabs_[slabs - 1].carved.load(std::memory_order_relaxed) == slabs_[slabs - 1].slots) {
    if (!add_slab_locked(why)) return 0;
    ++slabs;
  }
  slab& from = slabs_[slabs - 1];
  const std::uint32_t first = from.carved.load(std::memory_order_relaxed);
  const auto taken = static_cast<std::uint32_t>(std::min<std::size_t>(count, from.slots - first));
  for (std::uint32_t i = 0; i < taken; ++i) {
    ids[i] = (slabs - 1) << slot_bits | (first + i);
    from.links()[first + i] = handed_out;
  }
  from.carved.store(first + taken, std::memory_order_relaxed);
  return taken;
}

// A light guard where the kernel has them and where they work, mprotect elsewhere. Locked memory
// (mlockall) refuses light guards too, with the same EINVAL as an old kernel.
bool stack_pool::guard(stack_span span, stack_failure& why) noexcept {
  const os_memory& os = os_memory_in_use();
  std::byte* const begin = span.lo - stack_guard_bytes;
  const guard_way way = way_.load(std::memory_order_relaxed);
  if (way != guard_way::mapping) {
    const int error = os.guard_light(begin, stack_guard_bytes);
    if (error == 0 && (way == guard_way::light || os.guard_holds(begin))) {
      if (way == guard_way::unknown) way_.store(guard_way::light, std::memory_order_relaxed);
      return true;
    }
    if (error != 0 && error != EINVAL && error != ENOSYS) {
      why = {stack_failure::kind::guard, error};
      return false;
    }
    if (way == guard_way::unknown) way_.store(guard_way::mapping, std::memory_order_relaxed);
  }
  const int error = os.guard_mapping(begin, stack_guard_bytes);
  if (error == 0) return true;
  why = {stack_failure::kind::guard_mapping, error};
  return false;
}

std::size_t stack_pool::allocate_batch(stack_span* out, std::size_t count,
                                       stack_failure* why) noexcept {
  stack_failure failure;
  std::uint32_t fresh[fresh_batch];
  std::size_t fresh_count = 0;
  {
    const spin_guard hold(lock_);
    std::size_t filled = 0;
    while (filled < count && free_head_ != end_of_list)
      out[filled++] = span_of(pop_locked(free_head_));
    free_count_ -= filled;
    if (filled > 0) return filled;
    const std::size_t wanted = std::min(count, fresh_batch);
    while (fresh_count < wanted && bare_head_ != end_of_list)
      fresh[fresh_count++] = pop_locked(bare_head_);
    if (fresh_count == 0) fresh_count = carve_locked(fresh, wanted, failure);
  }

  std::size_t filled = 0;
  for (std::size_t i = 0; i < fresh_count; ++i) {
    const stack_span span = span_of(fresh[i]);
    if (guard(span, failure)) {
      out[filled++] = span;
    } else {
      const spin_guard hold(lock_);
      push_locked(bare_head_, fresh[i]);
    }
  }
  if (filled == 0 && why != nullptr) *why = failure;
  return filled;
}

void stack_pool::release_batch(const stack_span* spans, std::size_t count) noexcept {
  const spin_guard hold(lock_);
  for (std::size_t i = 0; i < count; ++i) push_locked(free_head_, id_of(spans[i]));
  free_count_ += count;
}

stack_span stack_pool::allocate(stack_failure* why) noexcept {
  stack_span span;
  allocate_batch(&span, 1, why);
  return span;
}

void stack_pool::release(stack_span span) noexcept {
  release_batch(&span, 1);
}

std::size_t stack_pool::slots() const noexcept {
  std::size_t count = 0;
  for_each([&](stack_span) { ++count; });
  return count;
}

std::size_t stack_pool::slots_free() const noexcept {
  const spin_guard hold(lock_);
  return free_count_;
}

void stack_pool::reset() noexcept {
  const spin_guard hold(lock_);
  const std::uint32_t slabs = slab_count_.exchange(0, std::memory_order_relaxed);
  for (std::uint32_t i = 0; i < slabs; ++i) {
    const int error = os_memory_in_use().unreserve(slabs_[i].reservation, slabs_[i].reserved_bytes);
    WEFT_CHECK(error == 0, "a slab of stacks cannot be unmapped");
  }
  free_head_ = bare_head_ = end_of_list;
  free_count_ = 0;
  way_.store(guard_way::unknown, std::memory_order_relaxed);
}

bool find_stack(const void* address, stack_span& out, bool& in_guard) noexcept {
  for (const stack_pool& pool : pools)
    if (pool.find(address, out, in_guard)) return true;
  return false;
}

}  // namespace weft::rt
