// A task handle moves.
#include <weft/weft.hpp>

int main() {
  return weft::run([] {
    auto t = weft::spawn([] { return 1; });
    auto second = std::move(t);
    return second.join();
  });
}
