// expect: deleted (function .*weft::task|copy constructor of .*task)
// A task handle can only be moved.
#include <weft/weft.hpp>

int main() {
  return weft::run([] {
    auto t = weft::spawn([] { return 1; });
    auto second = t;
    return second.join();
  });
}
