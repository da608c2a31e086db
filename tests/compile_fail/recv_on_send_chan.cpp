// expect: no member named .*recv
// Receiving from the end that sends.
#include <weft/weft.hpp>

int main() {
  weft::send_chan<int> out = weft::make_chan<int>();
  return out.recv().value();
}
