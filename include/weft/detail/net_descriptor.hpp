// The move-only handle of an open descriptor inside conn and listener. What it points to belongs to
// the poller and outlives every call that is under way, so close() may come from any task.
#pragma once

#include <cstdint>

#include <weft/detail/export.hpp>

namespace weft::np {
class poll_desc;
}

namespace weft::detail {

class WEFT_API net_descriptor {
 public:
  constexpr net_descriptor() noexcept = default;
  explicit net_descriptor(np::poll_desc* desc) noexcept : desc_(desc) {}
  net_descriptor(net_descriptor&& other) noexcept : desc_(other.desc_) { other.desc_ = nullptr; }
  net_descriptor& operator=(net_descriptor&& other) noexcept {
    if (this != &other) {
      forget();
      desc_ = other.desc_;
      other.desc_ = nullptr;
    }
    return *this;
  }
  ~net_descriptor() {
    if (desc_ != nullptr) forget();
  }

  // Wakes whoever waits. False: it was closed before.
  bool close() noexcept;

  bool is_open() const noexcept { return number() >= 0; }
  int number() const noexcept;  // -1: closed, or never opened
  np::poll_desc* get() const noexcept { return desc_; }

  // Nanoseconds of the steady clock; INT64_MAX: none.
  void set_deadline(bool of_read, bool of_write, std::int64_t deadline_ns) noexcept;

 private:
  void forget() noexcept;  // closes

  np::poll_desc* desc_ = nullptr;
};

}  // namespace weft::detail
