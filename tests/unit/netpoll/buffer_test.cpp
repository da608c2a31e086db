// What reads and writes accept.
#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <weft/net/buffer.hpp>

namespace {

using weft::net::const_bytes;
using weft::net::mutable_bytes;

TEST(bytes, any_contiguous_bytes_can_be_read_into) {
  char array[7];
  std::array<std::byte, 5> bytes;
  std::vector<unsigned char> vector(9);
  std::string string(3, 'x');
  EXPECT_EQ(mutable_bytes(array).size(), 7u);
  EXPECT_EQ(mutable_bytes(array).data(), array);
  EXPECT_EQ(mutable_bytes(bytes).size(), 5u);
  EXPECT_EQ(mutable_bytes(vector).size(), 9u);
  EXPECT_EQ(mutable_bytes(string).size(), 3u);
  EXPECT_EQ(mutable_bytes(std::span(array).first(2)).size(), 2u);
  EXPECT_EQ(mutable_bytes(std::span<std::byte>(bytes)).size(), 5u);
  EXPECT_EQ(mutable_bytes(array, 4).size(), 4u);
}

TEST(bytes, a_literal_is_written_without_its_zero) {
  EXPECT_EQ(const_bytes("hello").size(), 5u);
  const char* text = "abc";
  EXPECT_EQ(const_bytes(text).size(), 3u);
}

TEST(bytes, of_a_constant_array_all_is_written_but_for_one_zero_at_its_end) {
  static constexpr char magic[4] = {'R', 'I', 'F', 'F'};
  static constexpr unsigned char numbers[3] = {1, 2, 0};
  EXPECT_EQ(const_bytes(magic).size(), 4u);
  EXPECT_EQ(const_bytes(magic).data(), magic);
  EXPECT_EQ(const_bytes(numbers).size(), 3u);
  EXPECT_EQ(const_bytes("a\0bc").size(), 4u);
  EXPECT_EQ(const_bytes("").size(), 0u);
  char text[8] = "abc";
  char* begin = text;
  EXPECT_EQ(const_bytes(begin).size(), 3u);
}

TEST(bytes, anything_readable_can_be_written) {
  const std::string string = "abcd";
  const std::vector<std::byte> vector(6);
  EXPECT_EQ(const_bytes(string).size(), 4u);
  EXPECT_EQ(const_bytes(std::string("xy")).size(), 2u);
  EXPECT_EQ(const_bytes(std::string_view("a\0b", 3)).size(), 3u);
  EXPECT_EQ(const_bytes(vector).size(), 6u);
  EXPECT_EQ(const_bytes(std::span<const char>(string).subspan(1)).size(), 3u);
}

TEST(bytes, nothing_else) {
  static_assert(!std::is_constructible_v<mutable_bytes, const std::string&>);
  static_assert(!std::is_constructible_v<mutable_bytes, std::string_view>);
  static_assert(!std::is_constructible_v<mutable_bytes, std::vector<int>&>);
  static_assert(!std::is_constructible_v<const_bytes, std::vector<int>&>);
  static_assert(!std::is_constructible_v<const_bytes, int>);
}

}  // namespace
