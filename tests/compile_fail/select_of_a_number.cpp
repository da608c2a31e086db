// expect: no matching function for call to .*select
// Only cases stand in a select.
#include <weft/weft.hpp>

int main() {
  return weft::select(42);
}
