// expect: no member named .*send
// Sending to the end that receives.
#include <weft/weft.hpp>

int main() {
  weft::recv_chan<int> in = weft::make_chan<int>();
  in.send(1);
}
