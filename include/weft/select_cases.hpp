// What else can stand in a select beside channels and times: the end of a task, locks, semaphores,
// wait groups. (Connections: net/select.hpp; contexts: context.hpp.)
//
//   weft::select(weft::lock(m, [&] { ...; m.unlock(); }), weft::timeout(10ms));
//
// What a case stands for is had when it was chosen, and only then: the mutex is locked, the units are
// taken. f, if given, is called after that. The things must outlive the select.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include <weft/mutex.hpp>
#include <weft/select.hpp>
#include <weft/semaphore.hpp>
#include <weft/shared_mutex.hpp>
#include <weft/task.hpp>
#include <weft/wait_group.hpp>

namespace weft {
namespace detail {

template <class F>
class object_clause {
 public:
  using weft_select_clause = void;

  object_clause(const rt::select_ops& ops, void* of, F f, std::uint64_t amount = 0)
      : ops_(&ops), of_(of), amount_(amount), f_(std::forward<F>(f)) {}

  void arm(select_case& to, select_plan&, int) noexcept {
    to.ops = ops_;
    to.object = of_;
    to.amount = amount_;
  }
  void finish(const select_case&) { f_(); }
  auto kept() && {
    return object_clause<std::decay_t<F>>(*ops_, of_, std::forward<F>(f_), amount_);
  }

 private:
  const rt::select_ops* ops_;
  void* of_;
  std::uint64_t amount_;
  F f_;
};

}  // namespace detail

// The task has ended: t.join() does not wait any more. A handle of nothing is never ready.
template <class R, class F = detail::no_callback>
  requires std::is_invocable_v<F&>
[[nodiscard]] auto join(const task<R>& t, F&& f = F()) {
  return detail::object_clause<F>(detail::join_ops, detail::task_access::state(t),
                                  std::forward<F>(f));
}

template <class F = detail::no_callback>
  requires std::is_invocable_v<F&>
[[nodiscard]] auto lock(mutex& m, F&& f = F()) {
  return detail::object_clause<F>(detail::mutex_ops, &m, std::forward<F>(f));
}

// To write.
template <class F = detail::no_callback>
  requires std::is_invocable_v<F&>
[[nodiscard]] auto lock(shared_mutex& m, F&& f = F()) {
  return detail::object_clause<F>(detail::shared_mutex_ops, &m, std::forward<F>(f));
}

template <class F = detail::no_callback>
  requires std::is_invocable_v<F&>
[[nodiscard]] auto acquire(semaphore& s, std::ptrdiff_t units = 1, F&& f = F()) {
  if (units < 0) detail::semaphore_check_units(units);
  return detail::object_clause<F>(detail::semaphore_ops, &s, std::forward<F>(f),
                                  static_cast<std::uint64_t>(units));
}
template <class F>
  requires std::is_invocable_v<F&>
[[nodiscard]] auto acquire(semaphore& s, F&& f) {
  return acquire(s, 1, std::forward<F>(f));
}

// The count is zero.
template <class F = detail::no_callback>
  requires std::is_invocable_v<F&>
[[nodiscard]] auto wait(wait_group& g, F&& f = F()) {
  return detail::object_clause<F>(detail::wait_group_ops, &g, std::forward<F>(f));
}

}  // namespace weft
