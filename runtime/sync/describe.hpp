// What a report can say about a lock that somebody waits for.
#pragma once

#include <cstdint>

namespace weft::rt {

struct mutex_info {
  std::uint64_t owner_task = 0;  // who holds it exclusively; 0: nobody, or a foreign thread
  bool owner_is_foreign = false;
  std::uint32_t shared_owners = 0;  // shared_mutex: how many readers hold it
  std::uint32_t waiters = 0;
};

// The object of a wait_place whose reason is mutex_lock, or shared_mutex_lock(_shared). It must be
// alive, which it is while somebody waits for it. Any thread; takes the primitive's spin lock.
mutex_info describe_mutex(const void* mutex) noexcept;
mutex_info describe_shared_mutex(const void* shared_mutex) noexcept;

}  // namespace weft::rt
