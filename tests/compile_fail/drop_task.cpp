// expect: ignoring return value of .*(spawn|nodiscard)
// A handle that is dropped would cancel its task: spawn says nodiscard, which users compile as an
// error.
#pragma GCC diagnostic error "-Wunused-result"
#include <weft/weft.hpp>

int main() {
  return weft::run([] { weft::spawn([] { return 1; }); });
}
