// A node of the tree of contexts. Any task or thread may call everything.
//
// Handles are counted. A node refers to its parent, so who holds a leaf holds the path to the root;
// parents know their children without a reference: a child takes itself out of the list when its
// last handle has gone, and who ends a tree skips a child that is about to.
//
//   open    reason is none. Waits may be registered, children and hooks added
//   ended   reason says why, cause perhaps more exactly. Nothing is added any more: children of an
//           ended node are born ended
//
// Ending a tree (end_tree) is a walk without recursion that several may do at the same time: a node
// is unlinked from its parent only when it has ended and has no child left, so whoever comes back
// from the walk of a node knows that everything below it has ended, whoever did it.
//
// A deadline is noticed, not awaited: a node whose time has come counts as ended, and whoever sees
// that first (a wait that it ended, err(), cancel()) ends it for good. Only what must be done without
// anybody looking, a hook, has a timer (end_func.cpp, group_core.cpp).
//
// Lock order: a node's lock, then its parent's. No lock is held while somebody is woken or a hook is
// called.
//
// Rejected: one lock a tree (a server's root would be locked by each request); children with
// references (a context that nobody cancels would stay until its parent ends).
#pragma once

#include <cstdint>
#include <exception>
#include <memory>

#include <weft/detail/chan_core.hpp>
#include <weft/detail/context_value.hpp>
#include "runtime/base/atomic.hpp"
#include "runtime/task/end_signal.hpp"

namespace weft::rt {

class context_core : public end_signal {
 public:
  // One reference, the caller's. `parent` may be null: the background.
  context_core(context_core* parent, std::int64_t deadline_ns, bool ends_with_parent) noexcept;
  virtual ~context_core() = default;
  context_core(const context_core&) = delete;
  context_core& operator=(const context_core&) = delete;

  static context_core* of(end_signal* signal) noexcept {
    return static_cast<context_core*>(signal);
  }

  void retain() noexcept { refs_.fetch_add(1, std::memory_order_relaxed); }
  void release() noexcept;
  // False: its last reference has gone; it is about to be destroyed.
  bool try_retain() noexcept;

  // Ends this node and everything below; afterwards all of it has ended. If it had a deadline that
  // has passed, or was ended already, that is how it ended. The caller holds a reference.
  void end_tree(end_reason why, std::exception_ptr cause) noexcept;

  // Why it has ended, looking at the clock.
  end_reason how() noexcept;
  // The same after a wait that its end has ended: perhaps a timer was early.
  end_reason how_it_ended() noexcept;
  // Null while it has not ended.
  std::exception_ptr cause();

  // Closed when it ends. The reference stays ours; valid as long as the node.
  weft::detail::chan_head* done();

  // False: it has ended, nothing was linked.
  bool add_hook(end_hook& hook) noexcept;
  // True: it was linked and will not be fired.
  bool remove_hook(end_hook& hook) noexcept;

  const void* value(const void* key) const noexcept;

  // Set before anybody else knows the node.
  std::unique_ptr<weft::detail::context_value> own_value;

 private:
  void destroy() noexcept;
  void end_self(end_reason why, const std::exception_ptr& cause) noexcept;
  void wake_waiters() noexcept;
  void fire_hooks() noexcept;
  context_core* first_child_retained() noexcept;
  void unlink_child_locked(context_core& child) noexcept;
  void unlink_from_parent() noexcept;

  // Any thread; who takes it to zero destroys.
  atomic<std::uint32_t> refs_{1};
  bool is_child_ = false;  // under the parent's lock: linked there
  // Constant. The parent is held; it may be one for values only.
  const bool ends_with_parent_;
  context_core* const parent_;

  // Under the parent's lock.
  context_core* next_ = nullptr;
  context_core* prev_ = nullptr;

  // Under our lock.
  context_core* first_child_ = nullptr;
  weft::detail::chan_handle done_;
  std::exception_ptr cause_;  // written before reason, read after
};

// What err() says as an exception.
std::exception_ptr exception_for(end_reason why);

}  // namespace weft::rt
