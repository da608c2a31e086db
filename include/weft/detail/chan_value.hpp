// In which form a value travels through a channel.
//
// Cells are copied as bytes under the channel's lock, and no code of the user may run there. So:
//   bytes      T is trivially copyable: its own bytes
//   relocated  T says that moving and destroying the source is a copy of bytes: its own bytes,
//              taken from a moved-to temporary
//   boxed      everything else: a pointer to a T on the heap
// A box is made before the lock is taken and opened after it was released. A value that was not
// sent is given back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <optional>
#include <type_traits>
#include <utility>

#include <weft/detail/chan_core.hpp>

namespace weft {

// Specialise it as true for a T whose move construction followed by the destruction of the source
// does the same as copying its bytes (most smart pointers and containers; not a type that holds
// pointers to itself): channels then need no memory for each value.
template <class T>
struct trivially_relocatable : std::is_trivially_copyable<T> {};

namespace detail {

enum class cell_kind : std::uint8_t { bytes, relocated, boxed };

inline constexpr std::size_t largest_cell = 1024;
inline constexpr std::size_t strictest_cell = 16;

template <class T>
constexpr cell_kind cell_kind_of() {
  if constexpr (sizeof(T) > largest_cell || alignof(T) > strictest_cell)
    return cell_kind::boxed;
  else if constexpr (std::is_trivially_copyable_v<T>)
    return cell_kind::bytes;
  else if constexpr (trivially_relocatable<T>::value && std::is_nothrow_move_constructible_v<T>)
    return cell_kind::relocated;
  else
    return cell_kind::boxed;
}

template <class T>
inline constexpr bool travels_as_bytes = cell_kind_of<T>() == cell_kind::bytes;
template <>
inline constexpr bool travels_as_bytes<void> = true;

// A cell outside of a channel. Knows nothing about whether there is a value in it.
template <class T, bool Boxed = cell_kind_of<T>() == cell_kind::boxed>
class cell {
 public:
  void* address() noexcept { return bytes_; }
  T& value() noexcept { return *std::launder(reinterpret_cast<T*>(bytes_)); }
  template <class V>
  void make(V&& from) { ::new (static_cast<void*>(bytes_)) T(std::forward<V>(from)); }
  void destroy() noexcept { value().~T(); }

 private:
  alignas(T) unsigned char bytes_[sizeof(T)];
};

template <class T>
class cell<T, true> {
 public:
  void* address() noexcept { return &box_; }
  T& value() noexcept { return *box_; }
  template <class V>
  void make(V&& from) { box_ = new T(std::forward<V>(from)); }
  void destroy() noexcept { delete box_; }

 private:
  T* box_;
};

template <class T>
void drop_cell(void* at) noexcept {
  if constexpr (cell_kind_of<T>() == cell_kind::boxed)
    delete *static_cast<T**>(at);
  else
    static_cast<T*>(at)->~T();
}

template <class T>
constexpr const char* name_of_type() noexcept {
  return __PRETTY_FUNCTION__;
}

template <class T>
inline constexpr chan_type chan_type_of{sizeof(cell<T>),
                                        travels_as_bytes<T> ? nullptr : &drop_cell<T>,
                                        name_of_type<T>()};
template <>
inline constexpr chan_type chan_type_of<void>{0, nullptr, name_of_type<void>()};

// Gives `to` the value of `from` with what T has: assignment, else destruction and construction,
// which must not fail then.
template <class T>
void replace(T& to, T&& from) {
  constexpr bool by_construction =
      !std::is_nothrow_move_assignable_v<T> &&
      (std::is_nothrow_move_constructible_v<T> || !std::is_move_assignable_v<T>);
  if constexpr (by_construction)
    [&]() noexcept {
      to.~T();
      ::new (static_cast<void*>(std::addressof(to))) T(std::move(from));
    }();
  else
    to = std::move(from);
}

// A value that was received, or will be.
template <class T>
class incoming {
 public:
  void* address() noexcept { return cell_.address(); }

  // Calls f(T&&) with the value, which ends with the call.
  template <class F>
  decltype(auto) consume(F&& f) {
    struct end {
      cell<T>& cell_;
      ~end() { cell_.destroy(); }
    } at_end{cell_};
    return std::forward<F>(f)(std::move(cell_.value()));
  }

  std::optional<T> take() {
    return consume([](T&& v) { return std::optional<T>(std::in_place, std::move(v)); });
  }

 private:
  cell<T> cell_;
};

// A value on its way into a channel: filled, then either sent or given back.
template <class T>
class outgoing {
 public:
  outgoing() = default;
  outgoing(const outgoing&) = delete;
  outgoing& operator=(const outgoing&) = delete;
  ~outgoing() { drop(); }

  template <class V>
  void fill(V&& from) {
    cell_.make(std::forward<V>(from));
    is_filled_ = true;
  }
  void* address() noexcept { return cell_.address(); }
  void sent() noexcept { is_filled_ = false; }
  void drop() noexcept {
    if (is_filled_) cell_.destroy();
    is_filled_ = false;
  }

  // An lvalue was copied: the copy goes. An rvalue was moved from: it gets its value back.
  void give_back(const T&) noexcept { drop(); }
  void give_back(T&& to) {
    if constexpr (!travels_as_bytes<T>) replace(to, std::move(cell_.value()));
    drop();
  }

 private:
  cell<T> cell_;
  bool is_filled_ = false;
};

}  // namespace detail
}  // namespace weft
