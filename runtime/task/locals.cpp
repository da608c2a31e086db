#include "runtime/task/locals.hpp"

#include <memory>
#include <utility>

#include <weft/task_local.hpp>

#include "runtime/base/atomic.hpp"
#include "runtime/task/this_thread.hpp"

namespace weft::rt {
namespace {

// Ids of task_local objects; never reused, so a value of an object that is gone is nobody else's.
atomic<std::uint64_t> last_id{0};

// Lies in the object, zero until it is used first. Any thread writes, once in effect.
struct key_core {
  atomic<std::uint64_t> id;
};
static_assert(sizeof(key_core) == sizeof(detail::local_key));

std::uint64_t id_of(detail::local_key& key) noexcept {
  atomic<std::uint64_t>& id = reinterpret_cast<key_core*>(key.bytes)->id;
  // Relaxed: the number is all there is to know.
  std::uint64_t seen = id.load(std::memory_order_relaxed);
  if (seen != 0) return seen;
  const std::uint64_t fresh = last_id.fetch_add(1, std::memory_order_relaxed) + 1;
  return id.compare_exchange_strong(seen, fresh, std::memory_order_relaxed,
                                    std::memory_order_relaxed)
             ? fresh
             : seen;
}

// Those of the calling OS thread; null: none yet. Out of line for the reason that this_thread() is.
[[gnu::noinline]] local_values& of_this_thread() {
  thread_local local_values values;
  return values;
}

// Null: none yet.
local_values* values_here(bool make) {
  thread_info& here = this_thread();
  task* self = here.current != nullptr ? here.current : here.in_blocking;
  if (self == nullptr) return &of_this_thread();
  if (self->locals == nullptr && make) self->locals = new local_values;
  return static_cast<local_values*>(self->locals);
}

}  // namespace

local_values::~local_values() {
  clear();
  delete[] entries_;
}

void* local_values::find(std::uint64_t id) const noexcept {
  for (std::uint32_t i = 0; i < count_; ++i)
    if (entries_[i].id == id) return entries_[i].value;
  return nullptr;
}

void local_values::add(std::uint64_t id, void* value, void (*destroy)(void*) noexcept) {
  std::unique_ptr<void, void (*)(void*) noexcept> owned(value, destroy);
  if (count_ == room_) {
    const std::uint32_t more = room_ == 0 ? 4 : 2 * room_;
    entry* larger = new entry[more];
    for (std::uint32_t i = 0; i < count_; ++i) larger[i] = entries_[i];
    delete[] std::exchange(entries_, larger);
    room_ = more;
  }
  entries_[count_++] = {id, owned.release(), destroy};
}

void local_values::clear() noexcept {
  while (count_ > 0) {
    const entry last = entries_[--count_];
    last.destroy(last.value);  // may make others
  }
}

void end_locals(task& self) noexcept {
  if (self.locals == nullptr) return;
  self.ending = true;
  static_cast<local_values*>(self.locals)->clear();
  delete static_cast<local_values*>(self.locals);
  self.locals = nullptr;
  self.ending = false;
}

}  // namespace weft::rt

namespace weft::detail {

void* local_find(local_key& key) noexcept {
  const rt::local_values* values = rt::values_here(false);
  return values != nullptr ? values->find(rt::id_of(key)) : nullptr;
}

void local_add(local_key& key, void* value, void (*destroy)(void*) noexcept) {
  rt::local_values* values = nullptr;
  try {
    values = rt::values_here(true);
  } catch (...) {
    destroy(value);
    throw;
  }
  values->add(rt::id_of(key), value, destroy);
}

}  // namespace weft::detail
