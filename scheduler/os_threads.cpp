#include "scheduler/os_threads.hpp"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>

#if defined(__linux__)
#include <dirent.h>
#include <sched.h>
#endif

#include "runtime/base/sanitizer.hpp"

namespace weft::sched {

#if defined(__linux__)
namespace {

// The cgroup v2 limit "max 100000" or "150000 100000": quota and period in microseconds.
std::uint32_t quota_of_line(const char* text) noexcept {
  double quota = 0;
  double period = 0;
  if (std::sscanf(text, "%lf %lf", &quota, &period) != 2 || quota <= 0 || period <= 0) return 0;
  return static_cast<std::uint32_t>((quota + period - 1) / period);
}

bool read_line(const std::string& path, char* out, int size) noexcept {
  std::FILE* file = std::fopen(path.c_str(), "re");
  if (file == nullptr) return false;
  const bool got = std::fgets(out, size, file) != nullptr;
  std::fclose(file);
  return got;
}

// The tightest quota on the way from this process's group to the root; 0: none.
std::uint32_t quota_v2(std::string group) noexcept {
  std::uint32_t tightest = 0;
  char line[256];
  for (;;) {
    if (read_line("/sys/fs/cgroup" + group + "/cpu.max", line, sizeof line)) {
      const std::uint32_t quota = quota_of_line(line);
      if (quota != 0 && (tightest == 0 || quota < tightest)) tightest = quota;
    }
    if (group.empty() || group == "/") return tightest;
    group.erase(group.rfind('/'));
  }
}

std::uint32_t quota_v1(const std::string& group) noexcept {
  char quota[64];
  char period[64];
  const std::string base = "/sys/fs/cgroup/cpu" + (group == "/" ? std::string() : group);
  if (!read_line(base + "/cpu.cfs_quota_us", quota, sizeof quota) ||
      !read_line(base + "/cpu.cfs_period_us", period, sizeof period))
    return 0;
  const std::string both = std::string(quota, std::strcspn(quota, "\n")) + " " + period;
  return quota_of_line(both.c_str());
}

std::uint32_t cgroup_quota() noexcept {
  std::FILE* file = std::fopen("/proc/self/cgroup", "re");
  if (file == nullptr) return 0;
  std::uint32_t tightest = 0;
  char line[512];
  while (std::fgets(line, sizeof line, file) != nullptr) {
    line[std::strcspn(line, "\n")] = '\0';
    char* controllers = std::strchr(line, ':');
    char* group = controllers != nullptr ? std::strchr(controllers + 1, ':') : nullptr;
    if (group == nullptr) continue;
    *group++ = '\0';
    ++controllers;
    std::uint32_t quota = 0;
    if (*controllers == '\0')
      quota = quota_v2(group);
    else if (std::strcmp(controllers, "cpu") == 0 || std::strstr(controllers, "cpu,") == controllers)
      quota = quota_v1(group);
    if (quota != 0 && (tightest == 0 || quota < tightest)) tightest = quota;
  }
  std::fclose(file);
  return tightest;
}

}  // namespace

std::uint32_t count_os_threads() noexcept {
  DIR* folder = opendir("/proc/self/task");
  if (folder == nullptr) return 0;
  std::uint32_t count = 0;
  while (const dirent* entry = readdir(folder))
    if (entry->d_name[0] != '.') ++count;
  closedir(folder);
#if WEFT_TSAN
  if (count > 0) --count;  // its background thread
#endif
  return count;
}

std::uint32_t usable_processors() noexcept {
  std::uint32_t processors = 0;
  cpu_set_t mask;
  if (sched_getaffinity(0, sizeof mask, &mask) == 0)
    processors = static_cast<std::uint32_t>(CPU_COUNT(&mask));
  if (processors == 0) processors = std::max(1u, std::thread::hardware_concurrency());
  const std::uint32_t quota = cgroup_quota();
  if (quota != 0) processors = std::min(processors, quota);
  return std::max(1u, processors);
}

#else

std::uint32_t count_os_threads() noexcept { return 0; }
std::uint32_t usable_processors() noexcept {
  return std::max(1u, std::thread::hardware_concurrency());
}

#endif

}  // namespace weft::sched
