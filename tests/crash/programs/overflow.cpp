// Recursion without end, in the main task, in a spawned one, or as a large frame that reaches far;
// and a null pointer, which must not be called a stack overflow.
#include <cstdio>
#include <cstring>
#include <string>
#include <weft/weft.hpp>

namespace {

[[gnu::noinline]] int recurse(int depth) {
  volatile char frame[512];
  frame[0] = static_cast<char>(depth);
  const int below = depth < 0 ? 0 : recurse(depth + 1);
  return below + frame[0];
}

[[gnu::noinline]] int recurse_widely(int depth) {
  volatile char frame[12 * 1024];
  for (char volatile& c : frame) c = static_cast<char>(depth);
  const int below = depth < 0 ? 0 : recurse_widely(depth + 1);
  return below + frame[depth % 1000];
}

}  // namespace

int main(int argc, char** argv) {
  const std::string kind = argc > 1 ? argv[1] : "main";
  return weft::run([&]() -> int {
    if (kind == "main") return recurse(0);
    if (kind == "wide") return recurse_widely(0);
    if (kind == "null")
      return weft::spawn([] { return *static_cast<volatile int*>(nullptr); }).join();
    return weft::spawn(recurse, 0).join();  // line 33
  });
}
