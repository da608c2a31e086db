// Texts from places where anything may be locked: a signal handler, fatal().
//
// raw_text only writes to the descriptor and is async-signal-safe. last_resort lets the full report
// be tried anyway: if that hangs (the thread may have been interrupted inside malloc), an alarm prints
// what can be printed without locks and ends the process with 2.
#pragma once

#include <unistd.h>

#include <cstddef>
#include <cstdint>

namespace weft::rt {

class raw_text {
 public:
  raw_text& operator<<(const char* text) noexcept {
    for (; *text != '\0'; ++text) put(*text);
    return *this;
  }
  raw_text& operator<<(std::uint64_t number) noexcept { return add(number, 10); }
  raw_text& operator<<(const void* address) noexcept {
    return (*this << "0x").add(reinterpret_cast<std::uintptr_t>(address), 16);
  }
  ~raw_text() { flush(); }
  raw_text() = default;
  raw_text(const raw_text&) = delete;
  raw_text& operator=(const raw_text&) = delete;

  void flush() noexcept {
    std::size_t done = 0;
    while (done < used_) {
      const ssize_t n = ::write(STDERR_FILENO, buffer_ + done, used_ - done);
      if (n <= 0) break;
      done += static_cast<std::size_t>(n);
    }
    used_ = 0;
  }

 private:
  void put(char c) noexcept {
    if (used_ == sizeof buffer_) flush();
    buffer_[used_++] = c;
  }
  raw_text& add(std::uint64_t number, unsigned base) noexcept {
    char digits[24];
    std::size_t n = 0;
    do digits[n++] = "0123456789abcdef"[number % base];
    while ((number /= base) != 0);
    while (n > 0) put(digits[--n]);
    return *this;
  }

  char buffer_[512];
  std::size_t used_ = 0;
};

// From here on the process ends within seconds, whatever happens, unless it goes out of scope. Only
// where the process is about to end: takes SIGALRM. Async-signal-safe.
class last_resort {
 public:
  explicit last_resort(bool list_tasks = true) noexcept;
  ~last_resort();
  last_resort(const last_resort&) = delete;
  last_resort& operator=(const last_resort&) = delete;
};

}  // namespace weft::rt
