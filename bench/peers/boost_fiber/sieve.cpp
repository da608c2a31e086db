// The prime sieve: a fiber a prime, unbuffered channels between them; the first 2,000 primes. There
// is no select: the end is a send that finds its channel closed.
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "bench/peers/boost_fiber/peer.hpp"

int main(int argc, char** argv) {
  return peer::run(argc, argv, [](const bench::args& a, const char* runtime) {
    bench::measure_job(a, "sieve", runtime, [] {
      using channel = boost::fibers::unbuffered_channel<int>;
      using boost::fibers::channel_op_status;
      std::vector<boost::fibers::fiber> fibers;
      auto numbers = std::make_shared<channel>();
      fibers.push_back(peer::spawn([out = numbers] {
        for (int i = 2; out->push(i) == channel_op_status::success; ++i) {
        }
      }));
      int prime = 0;
      std::vector<std::shared_ptr<channel>> all{numbers};
      for (int i = 0; i < bench::sieve_primes; ++i) {
        numbers->pop(prime);
        auto rest = std::make_shared<channel>();
        all.push_back(rest);
        fibers.push_back(peer::spawn([in = numbers, out = rest, prime] {
          int n = 0;
          while (in->pop(n) == channel_op_status::success) {
            if (n % prime != 0 && out->push(n) != channel_op_status::success) break;
          }
        }));
        numbers = rest;
      }
      if (prime != 17389) {
        std::fprintf(stderr, "not the 2,000th prime: %d\n", prime);
        std::exit(1);
      }
      for (auto& ch : all) {
        ch->close();
      }
      for (auto& fiber : fibers) {
        fiber.join();
      }
    });
  });
}
