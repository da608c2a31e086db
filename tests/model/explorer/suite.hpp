// What a model executable does: every program must pass, and weakening any one named memory order
// must make at least one of them fail.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "explorer/explore.hpp"

namespace weft::model {

struct program {
  const char* name;
  options bounds;
  std::function<void()> body;
};

// A named order that these programs cannot show to be needed, with the reason why it stays, or
// with the executable that shows it. "structure.*" means all of that structure.
struct exemption {
  const char* site;
  const char* reason;
};

// Exit status for main. Prints one line a program and one a weakened order.
// Arguments: [-v] [part of a program's name]; -v also prints the trails that weakened orders lead
// to.
int verify(int argc, char** argv, const std::vector<program>& programs,
           const std::vector<exemption>& exempt = {});

}  // namespace weft::model
