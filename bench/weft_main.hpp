#pragma once
// main() of weft's own benchmark programs: reads the arguments and runs the body as the main task
// on that many workers.

#include <weft/weft.hpp>

#include <utility>

#include "bench/harness.hpp"

namespace bench {

template <class F>
int weft_main(int argc, char** argv, F&& body) {
  const args a = parse(argc, argv);
  weft::options options;
  options.workers = a.workers;
  return weft::run(options, [&] { body(a); });
}

}  // namespace bench
