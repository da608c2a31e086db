// weft::task_local<T>: a variable of which each task has its own.
//
//   weft::task_local<int> depth;                              // static, a member or a local
//   weft::task_local<std::string> tag([] { return std::string("none"); });
//   ++*depth;  tag->clear();  int d = depth.get();
//
// A task's value is made at its first use there, from T{} or by the function given, and destroyed when
// the task ends, on the task's own stack and before a join() of it returns, the last made first; such
// a destructor may wait, and is not cancelled. On a foreign thread it is a thread-local value. Any
// task and thread may use the object; a reference to a value stays good as long as its task, across
// parks too. Values outlive the task_local object.
#pragma once

#include <type_traits>
#include <utility>

#include <weft/detail/export.hpp>
#include <weft/detail/opaque.hpp>

namespace weft {

namespace detail {
using local_key = opaque<8>;
WEFT_API void* local_find(local_key& key) noexcept;  // null: the caller has none yet
// Owns the value from here on, also if it throws (std::bad_alloc).
WEFT_API void local_add(local_key& key, void* value, void (*destroy)(void*) noexcept);
}  // namespace detail

template <class T>
class task_local {
 public:
  constexpr task_local() noexcept = default;
  explicit constexpr task_local(T (*make)()) noexcept : make_(make) {}
  task_local(const task_local&) = delete;
  task_local& operator=(const task_local&) = delete;

  // The caller's value. Throws what making it throws.
  T& get() const {
    void* value = detail::local_find(key_);
    return value != nullptr ? *static_cast<T*>(value) : fresh();
  }
  T& operator*() const { return get(); }
  T* operator->() const { return &get(); }

 private:
  T& fresh() const {
    T* value = nullptr;
    if constexpr (std::is_default_constructible_v<T>)
      value = make_ != nullptr ? new T(make_()) : new T();
    else
      value = new T(make_());
    detail::local_add(key_, value, [](void* p) noexcept { delete static_cast<T*>(p); });
    return *value;
  }

  T (*make_)() = nullptr;
  mutable detail::local_key key_;
};

}  // namespace weft
