// The one place through which the runtime makes a choice, and reads the clock.
//
// Which victim to rob, which ready select case, how long to look for work: every such decision asks
// choose_below(). A seeded single-worker policy with a virtual clock can replace these functions
// later and replay a program deterministically; nothing else in weft calls a random generator or
// clock_gettime for a decision. Any thread may call; the generator's state is the caller's.
#pragma once

#include <cstdint>

namespace weft::rt {

// xorshift64*; one per processor or thread, never shared.
struct choice_state {
  std::uint64_t word = 0x9e3779b97f4a7c15u;
};

inline void choose_seed(choice_state& state, std::uint64_t seed) noexcept {
  state.word = (seed + 1) * 0x9e3779b97f4a7c15u;
  if (state.word == 0) state.word = 1;
}

// Uniform in [0, bound), bound > 0.
inline std::uint32_t choose_below(choice_state& state, std::uint32_t bound) noexcept {
  state.word ^= state.word >> 12;
  state.word ^= state.word << 25;
  state.word ^= state.word >> 27;
  const std::uint64_t bits = (state.word * 0x2545f4914f6cdd1du) >> 32;
  return static_cast<std::uint32_t>((bits * bound) >> 32);
}

// Monotonic time in nanoseconds (steady clock). About 23 ns; hot paths use the worker's cached time.
std::int64_t now_ns() noexcept;

inline constexpr std::int64_t never_ns = INT64_MAX;

// now + delay without overflow; a delay that is zero or negative is due at once.
inline std::int64_t deadline_after(std::int64_t delay_ns) noexcept {
  const std::int64_t now = now_ns();
  if (delay_ns <= 0) return now;
  return delay_ns >= never_ns - now ? never_ns : now + delay_ns;
}

}  // namespace weft::rt
