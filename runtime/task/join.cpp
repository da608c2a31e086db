// join: the end of a task as something to wait for.
//
// join_core lies in the join_base that task and handle share. The task pointer in it is valid while
// `done` is false, under the lock: a canceller holds the lock while it uses it, so the task cannot
// end meanwhile.
#include <weft/detail/join_state.hpp>

#include <system_error>
#include <utility>

#include "runtime/task/select_case.hpp"
#include "runtime/task/locals.hpp"
#include "runtime/task/task_end.hpp"
#include "runtime/task/wait.hpp"

#include <weft/error.hpp>

namespace weft::rt {
namespace {

struct join_core {
  // Two: the task's and the handle's. Who drops the last one deletes.
  atomic<std::uint32_t> references{2};
  spin_lock lock;
  // Written under lock; a select looks without it.
  atomic<bool> done{false};
  // Under lock.
  wait_queue joiners;
  task* running = nullptr;
  // Constant after join_attach.
  std::uint64_t id = 0;
};

static_assert(sizeof(join_core) <= sizeof(detail::join_base::core));

join_core& core_of(detail::join_base& state) noexcept {
  return *reinterpret_cast<join_core*>(state.core);
}

void drop(detail::join_base* state) noexcept {
  // acq_rel: what the other side did before it dropped its reference is visible to the destructor.
  if (core_of(*state).references.fetch_sub(1, std::memory_order_acq_rel) == 1) delete state;
}

[[gnu::always_inline]] inline wait_result wait_for_end(
    detail::join_base& state, end_signal* under, interruptible may_interrupt,
    const void* pc) noexcept {
  join_core& core = core_of(state);
  core.lock.lock();
  if (core.done.load(std::memory_order_relaxed)) {
    core.lock.unlock();
    return wait_result::ok;
  }
  wait_node node;
  const wait_place place{wait_reason::join, core.running, pc};
  if (under == nullptr) return wait_one(core.lock, core.joiners, node, place, may_interrupt);
  return wait_one_until(core.lock, core.joiners, node, place, {never_ns, under}, may_interrupt);
}

// --- as a case of a select: the object is a join_base that the handle keeps ---

join_core& core_of(const select_case& c) noexcept {
  return core_of(*static_cast<detail::join_base*>(c.object));
}

spin_lock& lock_of(void* object) noexcept {
  return core_of(*static_cast<detail::join_base*>(object)).lock;
}

bool has_ended(const select_case& c) noexcept {
  return core_of(c).done.load(std::memory_order_relaxed);
}

select_poll poll_ended_locked(select_case& c, wake_up&) noexcept {
  return has_ended(c) ? select_poll::done : select_poll::not_ready;
}

void enqueue_joiner(select_case& c, wait_node& node) noexcept {
  core_of(c).joiners.push_back(node);
}

void dequeue_joiner(select_case& c, wait_node& node) noexcept {
  if (node.is_linked()) core_of(c).joiners.unlink(node);
}

}  // namespace
}  // namespace weft::rt

namespace weft::detail {

const rt::select_ops join_ops = {rt::wait_reason::join,  &rt::lock_of,
                                 &rt::has_ended,         &rt::poll_ended_locked,
                                 &rt::enqueue_joiner,    &rt::dequeue_joiner};

using namespace weft::rt;

void join_attach(join_base& state, void* spawned) noexcept {
  auto* target = static_cast<rt::task*>(spawned);
  join_core& core = *::new (static_cast<void*>(state.core)) join_core;
  core.running = target;
  core.id = target->id;
}

void join_store_exception(join_base& state) {
  try {
    throw;
  } catch (const task_cancelled&) {
    state.ended_early = true;
  } catch (const exit_request&) {
    state.ended_early = true;
  } catch (...) {
    state.error = std::current_exception();
  }
}

void join_finish(join_base* state) {
  if (task* self = current_task()) end_locals(*self);  // they may use what the joiner destroys
  join_core& core = core_of(*state);
  waiter* woken[16];
  bool is_detached = false;
  bool more = true;
  while (more) {
    std::size_t count = 0;
    core.lock.lock();
    // A handle is given up before the end by detach() only.
    if (!core.done.load(std::memory_order_relaxed))
      is_detached = core.references.load(std::memory_order_acquire) == 1;
    core.done.store(true, std::memory_order_relaxed);
    core.running = nullptr;
    while (count < 16) {
      const won_waiter won = take_waiter(core.joiners);
      if (!won) break;
      won.node->result = wait_result::ok;
      if (won.must_ready) woken[count++] = won.node->who;
    }
    more = count == 16;
    core.lock.unlock();
    for (std::size_t i = 0; i < count; ++i) make_ready(*woken[i]);
  }
  const std::exception_ptr lost = is_detached ? std::move(state->error) : nullptr;
  drop(state);
  if (lost) std::rethrow_exception(lost);
}

namespace {
[[gnu::always_inline]] inline void join(join_base& state, end_signal* under, const void* pc) {
  checkpoint();
  check_end(under);
  join_core& core = core_of(state);
  if (task* self = current_task(); self != nullptr && self->id == core.id)
    throw std::system_error(std::make_error_code(std::errc::resource_deadlock_would_occur),
                            "weft::task::join: a task cannot join itself");
  throw_if_interrupted(wait_for_end(state, under, interruptible::yes, pc), under);
}
}  // namespace

void join_wait(join_base& state) { join(state, nullptr, __builtin_return_address(0)); }

void join_wait(join_base& state, rt::end_signal* under) {
  join(state, under, __builtin_return_address(0));
}

void join_wait_uninterrupted(join_base& state) noexcept {
  wait_for_end(state, nullptr, interruptible::no, __builtin_return_address(0));
}

void join_cancel(join_base& state) noexcept {
  note_caller();
  join_core& core = core_of(state);
  spin_guard guard(core.lock);
  if (!core.done.load(std::memory_order_relaxed) && core.running != nullptr) cancel_task(*core.running);
}

void join_release(join_base* state) noexcept { drop(state); }

std::uint64_t join_task_id(const join_base& state) noexcept {
  return core_of(const_cast<join_base&>(state)).id;
}

void join_throw_ended() { throw task_ended("weft::task::join: the task was cancelled or has exited"); }

}  // namespace weft::detail
