// What the direction tests forbid, done right.
#include <weft/weft.hpp>

int main() {
  weft::chan<int> both = weft::make_chan<int>(1);
  weft::send_chan<int> out = both;
  weft::recv_chan<int> in = both;
  out.send(1);
  int v = 0;
  weft::select(weft::recv(in, v), weft::send(out, 2));
  out.close();
  return in.recv().value_or(0);
}
