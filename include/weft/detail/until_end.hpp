// What blocking calls take as their last argument: the context under which they wait, or none.
// When it ends the call throws weft::cancelled or weft::deadline_exceeded (context.hpp): at once,
// before it has any effect, if it had ended before.
#pragma once

namespace weft {

class context;

namespace rt {
struct end_signal;
}

namespace detail {
struct until_end {
  constexpr until_end() noexcept = default;
  inline until_end(const context& c) noexcept;  // in context.hpp; the context outlives the call
  rt::end_signal* signal = nullptr;
};
}  // namespace detail

}  // namespace weft
