// The main task returns int or nothing.
#include <weft/weft.hpp>

int main() {
  weft::run([] {});
  return weft::run(weft::options{.workers = 1}, [] { return 1; });
}
