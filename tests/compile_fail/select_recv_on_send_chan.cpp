// expect: no matching function for call to .*recv
// The wrong end in a case of a select.
#include <weft/weft.hpp>

int main() {
  weft::send_chan<int> out = weft::make_chan<int>();
  int v = 0;
  return weft::select(weft::recv(out, v));
}
