// What a context carries for a key: the library keeps it, the templates of context.hpp make it.
#pragma once

#include <utility>

namespace weft::detail {

// One address for each key.
template <class Key>
inline constexpr char key_of = 0;

// A key is the type of its value, or names it as Key::value_type.
template <class Key>
struct keyed {
  using type = Key;
};
template <class Key>
  requires requires { typename Key::value_type; } && (sizeof(Key) == 1)
struct keyed<Key> {
  using type = typename Key::value_type;
};

struct context_value {
  explicit context_value(const void* of) noexcept : key(of) {}
  virtual ~context_value() = default;
  const void* const key;
  const void* address = nullptr;
};

template <class Key>
struct context_value_of final : context_value {
  template <class V>
  explicit context_value_of(V&& v) : context_value(&key_of<Key>), value(std::forward<V>(v)) {
    address = &value;
  }
  typename keyed<Key>::type value;
};

}  // namespace weft::detail
