// The beginning and the end of a runtime.
#pragma once

#include <type_traits>
#include <utility>

#include <weft/detail/export.hpp>
#include <weft/options.hpp>

namespace weft {

namespace detail {
// Returns what body returned, or throws what left it.
WEFT_API int run_main(const options& opts, int (*body)(void*), void* arg);

template <class F>
concept main_callable =
    std::is_invocable_v<F&> && (std::is_same_v<std::invoke_result_t<F&>, int> ||
                                std::is_void_v<std::invoke_result_t<F&>>);

template <class F>
int call_main(void* pointer) {
  F& f = **static_cast<F**>(pointer);
  if constexpr (std::is_void_v<std::invoke_result_t<F&>>) {
    f();
    return 0;
  } else {
    return f();
  }
}
}  // namespace detail

// Starts the workers, runs f as the main task and returns its int (0 for void) when everything has
// ended: what happens to tasks that remain is options.on_main_exit. An exception that leaves f
// leaves run. Blocks the calling thread, which runs no task itself. weft::error if a runtime runs
// already; std::system_error if there are no threads or no memory to be had.
template <class F>
  requires detail::main_callable<std::remove_reference_t<F>>
[[gnu::always_inline]] inline int run(const options& opts, F&& f) {
  auto* callable = &f;
  return detail::run_main(opts, &detail::call_main<std::remove_reference_t<F>>, &callable);
}

template <class F>
  requires detail::main_callable<std::remove_reference_t<F>>
[[gnu::always_inline]] inline int run(F&& f) {
  return run(options{}, std::forward<F>(f));
}

// For a host with a main loop of its own: start() starts the workers and returns, any thread may
// then spawn; stop() cancels all tasks, waits for their end (at most exit_grace, then the process
// leaves) and stops the workers. No signal handlers; an all-asleep state is only reported as
// possible.
WEFT_API void start(const options& opts = {});
WEFT_API void stop();

}  // namespace weft
