// expect: (deleted function .*unique_ptr|deleted constructor of .*unique_ptr|no matching function for call to .*send)
// An lvalue is copied, which this one cannot be.
#include <memory>
#include <weft/weft.hpp>

int main() {
  auto ch = weft::make_chan<std::unique_ptr<int>>(1);
  auto p = std::make_unique<int>(1);
  weft::select(weft::send(ch, p));
}
