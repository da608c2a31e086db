// fmt formatters for what one prints of weft: channels, tasks, errors, reports. Needs fmt 8 or newer.
//
//   fmt::print("{} {} {}\n", ch, t, error);   // chan(2 of 5) task 7 send on a closed channel
//   fmt::print("{}", report);                 // {}: the report, {:s}: one line, {:j}: JSON
#pragma once

#include <fmt/format.h>

#include <concepts>
#include <string>
#include <string_view>
#include <type_traits>

#include <weft/chan.hpp>
#include <weft/debug.hpp>
#include <weft/error.hpp>
#include <weft/task.hpp>

namespace weft::detail {

template <class Chan>
std::string chan_text(std::string_view kind, const Chan& ch) {
  std::string text(kind);
  if (!ch) return text + "(nil)";
  if (ch.cap() == 0) return text + "(unbuffered)";
  return text + "(" + std::to_string(ch.len()) + " of " + std::to_string(ch.cap()) + ")";
}

inline std::string place_text(const debug::code_place& place) {
  std::string text = place.function.empty() ? "?" : place.function;
  if (!place.file.empty()) text += " " + place.file;
  if (place.line != 0) text += ":" + std::to_string(place.line);
  return text;
}

}  // namespace weft::detail

template <class T>
struct fmt::formatter<weft::chan<T>> : fmt::formatter<std::string> {
  auto format(const weft::chan<T>& ch, format_context& out) const {
    return formatter<std::string>::format(weft::detail::chan_text("chan", ch), out);
  }
};
template <class T>
struct fmt::formatter<weft::send_chan<T>> : fmt::formatter<std::string> {
  auto format(const weft::send_chan<T>& ch, format_context& out) const {
    return formatter<std::string>::format(weft::detail::chan_text("send_chan", ch), out);
  }
};
template <class T>
struct fmt::formatter<weft::recv_chan<T>> : fmt::formatter<std::string> {
  auto format(const weft::recv_chan<T>& ch, format_context& out) const {
    return formatter<std::string>::format(weft::detail::chan_text("recv_chan", ch), out);
  }
};

template <class R>
struct fmt::formatter<weft::task<R>> : fmt::formatter<std::string> {
  auto format(const weft::task<R>& t, format_context& out) const {
    return formatter<std::string>::format(
        t.joinable() ? "task " + std::to_string(t.id()) : std::string("no task"), out);
  }
};

template <>
struct fmt::formatter<weft::chan_status> : fmt::formatter<std::string_view> {
  auto format(weft::chan_status s, format_context& out) const {
    constexpr std::string_view names[] = {"value", "empty", "closed", "timeout"};
    return formatter<std::string_view>::format(names[static_cast<unsigned>(s)], out);
  }
};

// Errors as their text. Newer versions of fmt have that for every exception, in <fmt/std.h>.
#ifndef FMT_STD_H_
template <std::derived_from<weft::error> E>
struct fmt::formatter<E> : fmt::formatter<std::string_view> {
  auto format(const E& e, format_context& out) const {
    return formatter<std::string_view>::format(e.what(), out);
  }
};
#endif

template <>
struct fmt::formatter<weft::debug::code_place> : fmt::formatter<std::string> {
  auto format(const weft::debug::code_place& place, format_context& out) const {
    return formatter<std::string>::format(weft::detail::place_text(place), out);
  }
};

template <>
struct fmt::formatter<weft::debug::deadlock_report> {
  constexpr auto parse(format_parse_context& spec) {
    auto at = spec.begin();
    if (at != spec.end() && (*at == 's' || *at == 'j')) form_ = *at++;
    if (at != spec.end() && *at != '}') throw format_error("a deadlock_report takes {}, {:s}, {:j}");
    return at;
  }
  auto format(const weft::debug::deadlock_report& report, format_context& out) const {
    return fmt::format_to(out.out(), "{}",
                          form_ == 's'   ? report.summary()
                          : form_ == 'j' ? report.json()
                                         : report.text());
  }

 private:
  char form_ = 't';
};
