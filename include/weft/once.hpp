// weft::once: something that happens once, and everybody waits until it has.
#pragma once

#include <cstdint>

#include <weft/detail/deadline.hpp>
#include <weft/detail/export.hpp>
#include <weft/detail/opaque.hpp>

namespace weft {

namespace detail {
struct once_storage {
  std::uint32_t state;  // 2: done; the library's otherwise
  std::uint32_t lock;   // the library's; named, because padding is not zeroed
  opaque<24> rest;
};
inline constexpr std::uint32_t once_done = 2;
enum class once_turn : std::uint8_t { happened, ours, timed_out };
WEFT_API once_turn once_begin(once_storage& self, std::int64_t deadline_ns);
WEFT_API void once_end(once_storage& self, bool happened) noexcept;
}  // namespace detail

class once {
 public:
  constexpr once() noexcept : storage_{} {}
  once(const once&) = delete;
  once& operator=(const once&) = delete;

  // Runs f(args...) unless a call has returned from it already; waits while another call runs it.
  // A call that throws does not count: one of those that wait runs its own f then. What f did is
  // visible to everybody after call() returns. Throws task_cancelled while it waits.
  template <class F, class... Args>
  [[gnu::always_inline]] void call(F&& f, Args&&... args) {
    call_by(detail::never, static_cast<F&&>(f), static_cast<Args&&>(args)...);
  }
  // The same, but waits no longer than that for another call. False: it has not happened yet.
  template <class F, class... Args>
  [[gnu::always_inline]] bool call_for(detail::delay d, F&& f, Args&&... args) {
    return call_by(d.due_ns, static_cast<F&&>(f), static_cast<Args&&>(args)...);
  }
  template <class F, class... Args>
  [[gnu::always_inline]] bool call_until(detail::moment when, F&& f, Args&&... args) {
    return call_by(when.due_ns, static_cast<F&&>(f), static_cast<Args&&>(args)...);
  }

  [[nodiscard]] bool is_done() const noexcept {
    return __atomic_load_n(&storage_.state, __ATOMIC_ACQUIRE) == detail::once_done;
  }

 private:
  struct ending {
    detail::once_storage& storage;
    bool happened = false;
    ~ending() { detail::once_end(storage, happened); }
  };
  template <class F, class... Args>
  [[gnu::always_inline]] bool call_by(std::int64_t due_ns, F&& f, Args&&... args) {
    if (is_done()) return true;
    const detail::once_turn turn = detail::once_begin(storage_, due_ns);
    if (turn != detail::once_turn::ours) return turn == detail::once_turn::happened;
    ending end{storage_};
    static_cast<void>(static_cast<F&&>(f)(static_cast<Args&&>(args)...));
    return end.happened = true;
  }

  detail::once_storage storage_;
};

}  // namespace weft
