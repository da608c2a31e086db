// How a closure gets onto a task's stack: what the templates of task.hpp need of the library.
#pragma once

#include <cstddef>
#include <new>
#include <tuple>
#include <type_traits>
#include <utility>

#include <weft/detail/export.hpp>

namespace weft::detail {

struct spawn_slot {
  void* task;
  void* closure;  // room of the size asked for
};

// The return address is where the report says that the task was spawned, so whoever calls this is
// always inlined into the user's function.
WEFT_API spawn_slot spawn_begin(std::size_t size, std::size_t align, void (*run)(void* closure));
WEFT_API void spawn_commit(void* task) noexcept;
WEFT_API void spawn_abort(void* task) noexcept;

// A closure too large for the first page of a stack lives in the heap.
inline constexpr std::size_t largest_closure_on_stack = 1024;

template <class F, class... Args>
struct closure {
  F function;
  std::tuple<Args...> arguments;

  template <class G, class... As>
  explicit closure(G&& f, As&&... args)
      : function(std::forward<G>(f)), arguments(std::forward<As>(args)...) {}

  decltype(auto) operator()() { return std::apply(std::move(function), std::move(arguments)); }
};

template <class F, class... Args>
using closure_of = closure<std::decay_t<F>, std::decay_t<Args>...>;

// Owns a closure that was built in a task's slot.
template <class Closure>
class placed {
  static constexpr bool in_heap =
      sizeof(Closure) > largest_closure_on_stack || alignof(Closure) > 64;

 public:
  static constexpr std::size_t size = in_heap ? sizeof(void*) : sizeof(Closure);
  static constexpr std::size_t align = in_heap ? alignof(void*) : alignof(Closure);

  template <class... As>
  static void build(void* slot, As&&... args) {
    if constexpr (in_heap)
      ::new (slot) Closure*(new Closure(std::forward<As>(args)...));
    else
      ::new (slot) Closure(std::forward<As>(args)...);
  }

  explicit placed(void* slot) noexcept : slot_(slot) {}
  placed(const placed&) = delete;
  placed& operator=(const placed&) = delete;
  ~placed() {
    if constexpr (in_heap)
      delete &get();
    else
      get().~Closure();
  }
  Closure& get() noexcept {
    if constexpr (in_heap)
      return **static_cast<Closure**>(slot_);
    else
      return *static_cast<Closure*>(slot_);
  }

 private:
  void* slot_;
};

template <class Closure>
void run_detached(void* slot) {
  placed<Closure> holder(slot);
  (void)holder.get()();
}

template <class Placed, class... As>
[[gnu::always_inline]] inline void* spawn_with(void (*run)(void*), As&&... args) {
  const spawn_slot slot = spawn_begin(Placed::size, Placed::align, run);
  try {
    Placed::build(slot.closure, std::forward<As>(args)...);
  } catch (...) {
    spawn_abort(slot.task);
    throw;
  }
  return slot.task;
}

}  // namespace weft::detail
