// The memory of a primitive that lives in the user's object: zero bytes whose meaning only the
// library knows. Zero is the state of a fresh primitive, so that it can be constant-initialised,
// and public headers need neither <atomic> nor our internals.
#pragma once

#include <cstddef>

namespace weft::detail {

template <std::size_t Bytes>
struct alignas(8) opaque {
  unsigned char bytes[Bytes]{};

  // For destructors: nobody else may use the primitive any more.
  bool first_word_is_zero() const noexcept {
    unsigned long long word = 0;
    __builtin_memcpy(&word, bytes, sizeof word);
    return word == 0;
  }
};

}  // namespace weft::detail
