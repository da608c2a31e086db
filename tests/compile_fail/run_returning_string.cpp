// expect: no matching function for call to .*run
// The main task returns int or nothing.
#include <string>
#include <weft/weft.hpp>

int main() {
  return weft::run([] { return std::string("not a status"); });
}
