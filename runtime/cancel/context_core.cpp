#include "runtime/cancel/context_core.hpp"

#include <utility>

#include <weft/detail/chan_value.hpp>
#include <weft/detail/timer_chan.hpp>
#include "runtime/base/choose.hpp"
#include "runtime/chan/chan_core.hpp"
#include "runtime/task/wait.hpp"

namespace weft::rt {

// ---- life -----------------------------------------------------------------------------------------

context_core::context_core(context_core* parent, std::int64_t deadline, bool ends_with_parent) noexcept
    : end_signal(deadline), ends_with_parent_(ends_with_parent), parent_(parent) {
  if (parent == nullptr) return;
  parent->retain();
  if (!ends_with_parent) return;
  spin_guard guard(parent->lock);
  if (const end_reason why = parent->reason.load(std::memory_order_relaxed);
      why != end_reason::none) {
    cause_ = parent->cause_;
    end_locked(why);
    return;
  }
  next_ = parent->first_child_;
  if (next_ != nullptr) next_->prev_ = this;
  parent->first_child_ = this;
  is_child_ = true;
}

bool context_core::try_retain() noexcept {
  std::uint32_t seen = refs_.load(std::memory_order_relaxed);
  while (seen != 0)
    if (refs_.compare_exchange_weak(seen, seen + 1, std::memory_order_relaxed)) return true;
  return false;
}

// A long chain of parents that only this one held goes without recursion.
void context_core::release() noexcept {
  context_core* gone = this;
  // Release: what we did with it comes before its end; acquire: so did what the others did.
  while (gone != nullptr && gone->refs_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
    context_core* const parent = gone->parent_;
    gone->destroy();
    gone = parent;
  }
}

// No handle is left. What is hooked on to it ends with the parent from now on.
void context_core::destroy() noexcept {
  WEFT_DCHECK(waiters.empty(), "a context ends while somebody waits under it");
  bool has_ended = false;
  if (ends_with_parent_ && parent_ != nullptr) {
    spin_guard guard(parent_->lock);
    unlink_from_parent();
    has_ended = parent_->reason.load(std::memory_order_relaxed) != end_reason::none;
    while (!has_ended && hooks != nullptr) {
      end_hook& hook = *hooks;
      remove_hook_locked(hook);
      parent_->add_hook_locked(hook);
    }
  }
  if (has_ended) {
    fire_hooks();
  } else {
    while (hooks != nullptr) {  // nobody can end it any more
      end_hook& hook = *hooks;
      remove_hook_locked(hook);
      hook.drop(hook);
    }
  }
  delete this;
}

// ---- the tree -------------------------------------------------------------------------------------

void context_core::unlink_child_locked(context_core& child) noexcept {
  if (!child.is_child_) return;
  (child.prev_ != nullptr ? child.prev_->next_ : first_child_) = child.next_;
  if (child.next_ != nullptr) child.next_->prev_ = child.prev_;
  child.next_ = child.prev_ = nullptr;
  child.is_child_ = false;
}

void context_core::unlink_from_parent() noexcept { parent_->unlink_child_locked(*this); }

context_core* context_core::first_child_retained() noexcept {
  spin_guard guard(lock);
  while (context_core* child = first_child_) {
    if (child->try_retain()) return child;
    unlink_child_locked(*child);  // its last handle has just gone: it waits for our lock
  }
  return nullptr;
}

void context_core::end_tree(end_reason why, std::exception_ptr cause) noexcept {
  context_core* at = this;
  for (;;) {
    at->end_self(why, cause);
    if (context_core* child = at->first_child_retained()) {
      at = child;
      continue;
    }
    if (at == this) return;
    context_core* const up = at->parent_;
    {
      spin_guard guard(up->lock);
      up->unlink_child_locked(*at);
    }
    at->release();
    at = up;
  }
}

void context_core::end_self(end_reason why, const std::exception_ptr& cause) noexcept {
  weft::detail::chan_handle done;
  const bool is_late = deadline_ns != never_ns && deadline_ns <= now_ns();
  {
    spin_guard guard(lock);
    if (reason.load(std::memory_order_relaxed) == end_reason::none) {
      if (!is_late) cause_ = cause;
      end_locked(is_late ? end_reason::deadline : why);
      done = done_;
    }
  }
  if (done.get() != nullptr) chan_core::of(done.get()).close();
  wake_waiters();
  fire_hooks();
}

// Nobody is added any more.
void context_core::wake_waiters() noexcept {
  waiter* woken[16];
  bool more = true;
  while (more) {
    std::size_t count = 0;
    {
      spin_guard guard(lock);
      while (count < 16) {
        const won_waiter won = take_waiter(waiters);
        if (!won) break;
        if (won.must_ready) woken[count++] = won.node->who;
      }
    }
    more = count == 16;
    for (std::size_t i = 0; i < count; ++i) make_ready(*woken[i]);
  }
}

void context_core::fire_hooks() noexcept {
  for (;;) {
    end_hook* hook;
    {
      spin_guard guard(lock);
      hook = hooks;
      if (hook == nullptr) return;
      remove_hook_locked(*hook);
    }
    hook->fire(*hook);
  }
}

// ---- questions ------------------------------------------------------------------------------------

end_reason context_core::how() noexcept {
  // Acquire: see end_signal.
  end_reason why = reason.load(std::memory_order_acquire);
  if (why == end_reason::none && deadline_ns != never_ns && deadline_ns <= now_ns())
    why = how_it_ended();
  return why;
}

end_reason context_core::how_it_ended() noexcept {
  if (reason.load(std::memory_order_acquire) == end_reason::none)
    end_tree(end_reason::deadline, nullptr);
  return reason.load(std::memory_order_acquire);
}

std::exception_ptr context_core::cause() {
  const end_reason why = how();
  if (why == end_reason::none) return nullptr;
  return cause_ ? cause_ : exception_for(why);
}

bool context_core::add_hook(end_hook& hook) noexcept {
  spin_guard guard(lock);
  if (reason.load(std::memory_order_relaxed) != end_reason::none) return false;
  add_hook_locked(hook);
  return true;
}

bool context_core::remove_hook(end_hook& hook) noexcept {
  spin_guard guard(lock);
  return remove_hook_locked(hook);
}

weft::detail::chan_head* context_core::done() {
  {
    spin_guard guard(lock);
    if (done_.get() != nullptr) return done_.get();
  }
  using weft::detail::chan_handle;
  chan_handle fresh(weft::detail::closing_chan_make(weft::detail::chan_type_of<void>, deadline_ns));
  bool has_ended = false;
  {
    spin_guard guard(lock);
    if (done_.get() != nullptr) return done_.get();  // somebody was faster
    done_ = fresh;
    has_ended = reason.load(std::memory_order_relaxed) != end_reason::none;
  }
  if (has_ended) chan_core::of(fresh.get()).close();
  return fresh.get();
}

const void* context_core::value(const void* key) const noexcept {
  for (const context_core* at = this; at != nullptr; at = at->parent_)
    if (at->own_value != nullptr && at->own_value->key == key) return at->own_value->address;
  return nullptr;
}

}  // namespace weft::rt
