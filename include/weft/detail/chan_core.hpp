// The untyped channel as the typed shell sees it: what may be read without the lock, and the calls
// into the library. The rest of it, and why it is so, is in runtime/chan/chan_core.hpp.
//
// Any thread may call everything. A null channel is a nil channel. `cell` points to the bytes of a
// value in the form in which it travels (chan_value.hpp); it may be null when a cell has no bytes.
// `pc` is the place of the call in the user's code, null for the caller of the core function.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

#include <weft/detail/export.hpp>
#include <weft/detail/until_end.hpp>

namespace weft::detail {

// One for each T, static.
struct chan_type {
  std::uint32_t cell_bytes;
  void (*drop)(void* cell) noexcept;  // destroys a value that nobody received; null: nothing to do
  const char* pretty;                 // compiler's name of a function that has T in it
};

enum class chan_result : std::uint8_t { done, closed, not_ready, cancelled, deadlocked, ended };

// What a channel was at some moment, to find out later that it has not changed since.
struct chan_moment {
  std::uint64_t version;
  std::uint64_t state;
};

struct chan_head {
  static constexpr std::uint64_t closed = 1;
  static constexpr std::uint64_t senders = 2;    // somebody waits to send; may be set in vain,
  static constexpr std::uint64_t receivers = 4;  // but is never missing
  static constexpr std::uint64_t one = 8;        // from here: how many values are buffered

  chan_head(const chan_type& of, std::size_t capacity) noexcept : cap(capacity), type(&of) {}
  chan_head(const chan_head&) = delete;
  chan_head& operator=(const chan_head&) = delete;

  // The flags and the count. Written under the lock, read by anybody: one load is a moment of the
  // channel, so a look that finds nothing to do need not lock. Release and acquire, so that who
  // looks at two channels does not see the later state of one and a much earlier of the other.
  std::atomic<std::uint64_t> state{0};
  // How often state has changed; written after it. See select.cpp.
  std::atomic<std::uint64_t> version{0};
  // Handles. Any thread; who takes it to zero frees.
  std::atomic<std::uint32_t> refs{1};

  // Constant.
  const std::size_t cap;
  const chan_type* const type;

  std::uint64_t look() const noexcept { return state.load(std::memory_order_acquire); }
  static bool recv_looks_ready(std::uint64_t seen) noexcept { return (seen & ~receivers) != 0; }
  bool send_looks_ready(std::uint64_t seen) const noexcept {
    return (seen & (closed | receivers)) != 0 || seen / one < cap;
  }

  // still_at() tells that nothing has changed from the end of observe() to its own beginning. A
  // state may return to what it was, so versions are compared too; state is written first, so the
  // version is read first here and last there.
  chan_moment observe() const noexcept {
    const std::uint64_t seen = version.load(std::memory_order_acquire);
    return {seen, look()};
  }
  bool still_at(const chan_moment& then) const noexcept {
    return look() == then.state && version.load(std::memory_order_acquire) == then.version;
  }
};

// Deadlines (steady clock, nanoseconds) that are none.
inline constexpr std::int64_t no_deadline = INT64_MAX;
inline constexpr std::int64_t no_wait = INT64_MIN;

WEFT_API chan_head* chan_make(const chan_type& type, std::size_t cap);
WEFT_API void chan_free(chan_head* c) noexcept;  // the last handle has gone
WEFT_API void chan_close(chan_head* c);

// Waits. Throws closed_channel, task_cancelled, deadlocked: then nothing was sent.
WEFT_API void chan_send(chan_head* c, const void* cell);

// For values that must be given back: neither checks for cancellation first nor throws. not_ready:
// the deadline has come, or had passed.
WEFT_API chan_result chan_send_until(chan_head* c, const void* cell, std::int64_t deadline_ns,
                                     const void* pc, rt::end_signal* under = nullptr) noexcept;

// Waits. False: closed and drained. Throws task_cancelled, deadlocked.
WEFT_API bool chan_recv(chan_head* c, void* cell);

// The same with a deadline; done, closed or not_ready. With no_wait never throws.
WEFT_API chan_result chan_recv_until(chan_head* c, void* cell, std::int64_t deadline_ns,
                                     const void* pc, rt::end_signal* under = nullptr);

WEFT_API void chan_checkpoint(rt::end_signal* under);
[[noreturn]] WEFT_API void chan_raise(chan_result why, rt::end_signal* under = nullptr);

// A counted reference to a channel, or to none.
class chan_handle {
 public:
  chan_handle() noexcept = default;
  explicit chan_handle(chan_head* owned) noexcept : head_(owned) {}
  chan_handle(const chan_handle& other) noexcept : head_(other.head_) {
    if (head_ != nullptr) head_->refs.fetch_add(1, std::memory_order_relaxed);
  }
  chan_handle(chan_handle&& other) noexcept : head_(other.head_) { other.head_ = nullptr; }
  chan_handle& operator=(chan_handle other) noexcept {
    chan_head* mine = head_;
    head_ = other.head_;
    other.head_ = mine;
    return *this;
  }
  ~chan_handle() {
    // Release: what we did to the channel comes before its end; acquire in chan_free's name.
    if (head_ != nullptr && head_->refs.fetch_sub(1, std::memory_order_acq_rel) == 1)
      chan_free(head_);
  }

  // Another reference to a channel that is kept alive by somebody else.
  static chan_handle to(chan_head* shared) noexcept {
    if (shared != nullptr) shared->refs.fetch_add(1, std::memory_order_relaxed);
    return chan_handle(shared);
  }

  chan_head* get() const noexcept { return head_; }

 private:
  chan_head* head_ = nullptr;
};

// Lets the mixins, select and the library see the core of a channel.
struct chan_access {
  template <class Chan>
  static chan_head* head(const Chan& ch) noexcept { return ch.handle_.get(); }
  template <class Chan>
  static const chan_handle& handle(const Chan& ch) noexcept { return ch.handle_; }
  template <class Chan>
  static Chan make(chan_handle handle) noexcept { return Chan(std::move(handle)); }
};

// What both ends have.
template <class Self>
class any_side {
 public:
  // How many values are buffered, and how many can be; 0 for unbuffered and nil channels.
  std::size_t len() const noexcept {
    const chan_head* c = chan_access::head(self());
    return c != nullptr ? static_cast<std::size_t>(c->look() / chan_head::one) : 0;
  }
  std::size_t cap() const noexcept {
    const chan_head* c = chan_access::head(self());
    return c != nullptr ? c->cap : 0;
  }
  // Not nil.
  explicit operator bool() const noexcept { return chan_access::head(self()) != nullptr; }
  // The same channel.
  friend bool operator==(const Self& a, const Self& b) noexcept {
    return chan_access::head(a) == chan_access::head(b);
  }

 protected:
  const Self& self() const noexcept { return static_cast<const Self&>(*this); }
};

}  // namespace weft::detail
