// The prime sieve as a chain of tasks: a generator sends 2, 3, 4, ...; each prime found adds a task
// to the end of the chain, which passes on what the prime does not divide. When main has seen
// enough it returns, and the whole chain, parked as it stands, is cancelled. An argument says how
// many primes (default 25).
#include <cstdio>
#include <cstdlib>
#include <weft/weft.hpp>

namespace {

void generate(weft::send_chan<int> out) {
  for (int n = 2;; ++n) out.send(n);
}

void filter(weft::recv_chan<int> in, weft::send_chan<int> out, int prime) {
  for (int n : in) {
    if (n % prime != 0) out.send(n);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const int count = argc > 1 ? std::atoi(argv[1]) : 25;
  return weft::run([count] {
    auto numbers = weft::make_chan<int>();
    weft::go(generate, numbers);
    for (int i = 0; i < count; ++i) {
      const int prime = numbers.recv().value();
      std::printf("%d\n", prime);
      auto next = weft::make_chan<int>();
      weft::go(filter, numbers, next, prime);
      numbers = next;
    }
  });
}
