// One text to stderr, in one piece, after what the program has printed so far.
#pragma once

#include <cstdio>
#include <string>

namespace weft::rt {

inline void print_error(const std::string& text) noexcept {
  std::fflush(stdout);
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

}  // namespace weft::rt
