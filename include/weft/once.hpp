// weft::once: something that happens once, and everybody waits until it has.
#pragma once

#include <cstdint>

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
WEFT_API bool once_begin(once_storage& self);
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
    if (is_done() || !detail::once_begin(storage_)) return;
    ending end{storage_};
    static_cast<void>(static_cast<F&&>(f)(static_cast<Args&&>(args)...));
    end.happened = true;
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

  detail::once_storage storage_;
};

}  // namespace weft
