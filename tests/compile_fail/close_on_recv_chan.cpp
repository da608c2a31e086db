// expect: no member named .*close
// Only who sends may close.
#include <weft/weft.hpp>

int main() {
  weft::recv_chan<int> in = weft::make_chan<int>();
  in.close();
}
