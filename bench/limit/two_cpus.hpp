#pragma once
// Two threads that answer each other must sit on two processors; left alone, the kernel may keep
// them on one for a long while.

#include <pthread.h>
#include <sched.h>

#include <cstdio>
#include <cstdlib>
#include <thread>

namespace bench {

class two_cpus {
 public:
  two_cpus() {
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    sched_getaffinity(0, sizeof allowed, &allowed);
    int found = 0;
    for (int cpu = 0; cpu < CPU_SETSIZE && found < 2; ++cpu) {
      if (CPU_ISSET(cpu, &allowed)) cpus_[found++] = cpu;
    }
    if (found < 2) {
      std::fprintf(stderr, "needs two processors\n");
      std::exit(3);
    }
    pin(0);
  }

  // The calling thread stays on the first (0) or second (1) processor.
  void pin(int which) const {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cpus_[which], &one);
    pthread_setaffinity_np(pthread_self(), sizeof one, &one);
  }

 private:
  int cpus_[2] = {0, 0};
};

}  // namespace bench
