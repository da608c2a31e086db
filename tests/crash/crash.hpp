// What the crash tests share: where the programs are, and how a text is looked at.
#pragma once

#include <gtest/gtest.h>

#include <regex>
#include <string>
#include <vector>

#include "tests/support/subprocess.hpp"

namespace weft_test {

inline std::string crash_program(const std::string& name) {
  return std::string(WEFT_CRASH_PROGRAMS_DIR) + "/" + name;
}

inline process_result run_crash_program(const std::string& name,
                                        const std::vector<std::string>& arguments = {}) {
  std::vector<std::string> argv{crash_program(name)};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  return run_program(argv);
}

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

inline bool matches(const std::string& text, const std::string& regex) {
  return std::regex_search(text, std::regex(regex));
}

inline std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

inline constexpr const char* all_asleep = "fatal error: all tasks are asleep - deadlock!";

// The process died of a deadlock: the line above comes first, the status is 2.
inline void expect_deadlock(const process_result& r) {
  EXPECT_FALSE(r.timed_out) << r.text();
  EXPECT_EQ(r.status, 2) << r.text();
  EXPECT_EQ(first_line(r.err), all_asleep) << r.text();
}

}  // namespace weft_test
