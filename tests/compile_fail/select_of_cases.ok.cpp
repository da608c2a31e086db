// All cases of a select.
#include <chrono>
#include <weft/weft.hpp>

int main() {
  auto ch = weft::make_chan<int>(1);
  int v = 0;
  bool ok = false;
  return weft::select(weft::recv(ch), weft::recv(ch, v), weft::recv(ch, v, ok),
                      weft::recv(ch, [](int) {}), weft::send(ch, 1),
                      weft::timeout(std::chrono::seconds(1)),
                      weft::until(std::chrono::steady_clock::now()), weft::otherwise());
}
