// What do long chains of hand-overs cost? The prime sieve: a task a prime, unbuffered channels
// between them; time of the first 2,000 primes.
#include <cstdio>
#include <cstdlib>

#include "bench/weft_main.hpp"

int main(int argc, char** argv) {
  return bench::weft_main(argc, argv, [](const bench::args& a) {
    bench::measure_job(a, "sieve", "weft", [] {
      weft::wait_group ended;
      auto numbers = weft::make_chan<int>();
      const auto stop = weft::make_chan<void>();
      ended.go([numbers, stop] {
        for (int i = 2;; ++i) {
          if (weft::select(weft::send(numbers, i), weft::recv(stop)) == 1) break;
        }
        numbers.close();
      });
      int prime = 0;
      for (int i = 0; i < bench::sieve_primes; ++i) {
        prime = *numbers.recv();
        auto rest = weft::make_chan<int>();
        ended.go([numbers, rest, prime] {
          for (const int n : numbers) {
            if (n % prime != 0) rest.send(n);
          }
          rest.close();
        });
        numbers = rest;
      }
      if (prime != 17389) {
        std::fprintf(stderr, "not the 2,000th prime: %d\n", prime);
        std::exit(1);
      }
      stop.close();
      while (numbers.recv()) {
      }
      ended.wait();
    });
  });
}
