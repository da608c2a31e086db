// A pipeline with a bounded buffer on both sides: one task loads numbers into `jobs`, five tasks
// take them from there, square them and put them into `results`, one task collects. Shows buffered
// channels, ranging over a channel until it is closed, and a wait_group that tells when the last of
// several senders has finished, which is the moment at which the channel they share may be closed.
#include <algorithm>
#include <cstdio>
#include <vector>
#include <weft/weft.hpp>

int main() {
  return weft::run([] {
    auto jobs = weft::make_chan<int>(5);
    auto results = weft::make_chan<int>(5);

    weft::go([jobs] {
      for (int i = 1; i <= 20; ++i) jobs.send(i);
      jobs.close();
    });

    weft::wait_group squarers;
    for (int i = 0; i < 5; ++i) {
      squarers.go([jobs, results] {
        for (int n : jobs) results.send(n * n);
      });
    }
    auto closer = weft::spawn([&squarers, results] {
      squarers.wait();
      results.close();
    });

    auto collector = weft::spawn([results] {
      std::vector<int> all;
      for (int square : results) all.push_back(square);
      return all;
    });

    std::vector<int> all = collector.join();
    closer.join();
    std::sort(all.begin(), all.end());  // five tasks finish in any order
    std::printf("%zu results:", all.size());
    for (int square : all) std::printf(" %d", square);
    std::printf("\n");
  });
}
