#pragma once
// What the process has used: CPU time, how often its threads were put to sleep or moved off a
// processor, and how much memory it had at most. Any thread.

#include <sys/resource.h>

#include <cstdint>

namespace bench {

struct usage {
  double cpu_ms = 0;
  std::int64_t switches = 0;  // of threads: each is a wake-up that preceded it
  double peak_mb = 0;
};

// `who`: RUSAGE_SELF or RUSAGE_THREAD.
inline usage used(int who = RUSAGE_SELF) {
  rusage r{};
  getrusage(who, &r);
  const auto ms = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_usec) / 1e3;
  };
  return {ms(r.ru_utime) + ms(r.ru_stime), r.ru_nvcsw + r.ru_nivcsw,
          static_cast<double>(r.ru_maxrss) / 1024};
}

}  // namespace bench
