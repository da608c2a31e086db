#include "netpoll/poll_pool.hpp"

#include <new>

#include "netpoll/poller.hpp"

namespace weft::np {
namespace {

constexpr std::uint32_t slab_size = 128;
constexpr std::uint32_t max_slabs = 1u << 15;

struct slab {
  poll_desc slots[slab_size];
};

struct pool {
  rt::spin_lock lock;
  poll_desc* free = nullptr;  // under lock
  // Written under lock, each once; read by find_desc() without it, where acquire pairs with the
  // release in grow(): the slots behind the pointer are complete.
  rt::atomic<slab*> slabs[max_slabs];
  // Written under lock; read by desc_limit(). Pairs as above.
  rt::atomic<std::uint32_t> slab_count{0};
};

// No destructor runs at exit: threads may still be waiting for descriptors then.
constinit pool the_pool;

bool grow_locked() noexcept {
  const std::uint32_t count = the_pool.slab_count.load(std::memory_order_relaxed);
  if (count == max_slabs) return false;
  slab* fresh = new (std::nothrow) slab;
  if (fresh == nullptr) return false;
  for (std::uint32_t i = slab_size; i-- > 0;) {
    fresh->slots[i].set_index(count * slab_size + i);
    fresh->slots[i].next_free = the_pool.free;
    the_pool.free = &fresh->slots[i];
  }
  the_pool.slabs[count].store(fresh, std::memory_order_release);
  the_pool.slab_count.store(count + 1, std::memory_order_release);
  return true;
}

}  // namespace

poll_desc* allocate_desc() noexcept {
  rt::spin_guard guard(the_pool.lock);
  if (the_pool.free == nullptr && !grow_locked()) return nullptr;
  poll_desc* slot = the_pool.free;
  the_pool.free = slot->next_free;
  return slot;
}

void free_desc(poll_desc& desc) noexcept {
  rt::spin_guard guard(the_pool.lock);
  desc.next_free = the_pool.free;
  the_pool.free = &desc;
}

void pool_lock_for_fork() noexcept { the_pool.lock.lock(); }
void pool_unlock_after_fork() noexcept { the_pool.lock.unlock(); }

poll_desc* find_desc(std::uint32_t index) noexcept {
  if (index / slab_size >= max_slabs) return nullptr;
  slab* found = the_pool.slabs[index / slab_size].load(std::memory_order_acquire);
  return found == nullptr ? nullptr : &found->slots[index % slab_size];
}

std::uint32_t desc_limit() noexcept {
  return the_pool.slab_count.load(std::memory_order_acquire) * slab_size;
}

}  // namespace weft::np
