// What reads and writes take: any contiguous bytes, of char, unsigned char or std::byte.
//
// Views, like std::span: cheap to copy, they do not own. Of a constant array of char, as a string
// literal is, all is sent, but for one zero at its end.
#pragma once

#include <cstddef>
#include <iterator>
#include <string_view>
#include <type_traits>

namespace weft::net {
namespace detail {

template <class T>
concept byte_like = std::is_same_v<std::remove_cv_t<T>, char> ||
                    std::is_same_v<std::remove_cv_t<T>, signed char> ||
                    std::is_same_v<std::remove_cv_t<T>, unsigned char> ||
                    std::is_same_v<std::remove_cv_t<T>, std::byte> ||
                    std::is_same_v<std::remove_cv_t<T>, char8_t>;

template <class C>
concept byte_range = requires(C& c) {
  std::size(c);
  requires byte_like<std::remove_pointer_t<decltype(std::data(c))>>;
};

template <class C>
concept writable_byte_range = byte_range<C> && requires(C& c) {
  requires !std::is_const_v<std::remove_pointer_t<decltype(std::data(c))>>;
};

template <class C>
concept literal = std::is_bounded_array_v<C> &&
                  (std::is_same_v<std::remove_extent_t<C>, const char> ||
                   std::is_same_v<std::remove_extent_t<C>, const char8_t>);
template <class P>
concept c_string = std::is_same_v<P, const char*> || std::is_same_v<P, char*>;

}  // namespace detail

class mutable_bytes {
 public:
  mutable_bytes(void* data, std::size_t size) noexcept : data_(data), size_(size) {}

  template <detail::writable_byte_range C>
  mutable_bytes(C&& bytes) noexcept : data_(std::data(bytes)), size_(std::size(bytes)) {}

  void* data() const noexcept { return data_; }
  std::size_t size() const noexcept { return size_; }

 private:
  void* data_;
  std::size_t size_;
};

class const_bytes {
 public:
  const_bytes(const void* data, std::size_t size) noexcept : data_(data), size_(size) {}
  template <detail::c_string P>
  const_bytes(const P& text) noexcept : const_bytes(std::string_view(text)) {}
  template <detail::literal L>
  const_bytes(L& text) noexcept
      : data_(text), size_(std::size(text) - (text[std::size(text) - 1] == 0 ? 1 : 0)) {}

  template <detail::byte_range C>
    requires(!detail::literal<std::remove_reference_t<C>>)
  const_bytes(C&& bytes) noexcept : data_(std::data(bytes)), size_(std::size(bytes)) {}

  const void* data() const noexcept { return data_; }
  std::size_t size() const noexcept { return size_; }

 private:
  const void* data_;
  std::size_t size_;
};

}  // namespace weft::net
