// expect: no matching function for call to .*select
// A channel is no case: it takes recv or send to make one of it.
#include <weft/weft.hpp>

int main() {
  return weft::select(weft::make_chan<int>());
}
