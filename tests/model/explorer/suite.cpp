#include "explorer/suite.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <string_view>

#include "explorer/sites.hpp"
#include "explorer/trace.hpp"

namespace weft::model {
namespace {

bool passes(const program& p) {
  const result r = explore(p.bounds, p.body);
  if (r.failed) {
    std::printf("FAILED  %s after %llu executions: %s\n%s", p.name,
                static_cast<unsigned long long>(r.executions), r.reason.c_str(), r.trail.c_str());
    return false;
  }
  std::printf("ok      %s: %llu executions%s\n", p.name,
              static_cast<unsigned long long>(r.executions),
              r.complete        ? ""
              : p.bounds.random ? " (random walks)"
                                : " (not exhausted)");
  return true;
}

// Few preemptions first: most mistakes need one, and that search is short.
bool is_found(const std::vector<const program*>& programs, bool verbose, std::string& how) {
  int most = 0;
  for (const program* p : programs) most = std::max(most, p->bounds.preemptions);
  for (int preemptions = 0; preemptions <= most; ++preemptions) {
    for (const program* p : programs) {
      if (preemptions > p->bounds.preemptions) continue;
      options bounds = p->bounds;
      if (!bounds.random) bounds.preemptions = preemptions;
      const result r = explore(bounds, p->body);
      if (!r.failed) continue;
      how = std::string(p->name) + ", " + std::to_string(r.executions) + " executions: " + r.reason;
      if (verbose) how += "\n" + r.trail;
      return true;
    }
  }
  return false;
}

bool covers(std::string_view exempt, std::string_view site) {
  if (exempt.ends_with(".*")) return site.starts_with(exempt.substr(0, exempt.size() - 1));
  return exempt == site;
}

}  // namespace

int verify(int argc, char** argv, const std::vector<program>& programs,
           const std::vector<exemption>& exempt) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  bool verbose = false;
  const char* only = "";
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "-v") == 0) {
      verbose = true;
    } else {
      only = argv[i];
    }
  }

  std::vector<const program*> chosen;
  for (const program& p : programs) {
    if (std::strstr(p.name, only) != nullptr) chosen.push_back(&p);
  }
  bool good = true;
  for (const program* p : chosen) good = passes(*p) && good;
  if (!good) return 1;

  for (const weakening& w : known_weakenings()) {
    const auto excused = std::find_if(exempt.begin(), exempt.end(),
                                      [&](const exemption& e) { return covers(e.site, w.site); });
    if (excused != exempt.end()) {
      std::printf("exempt  %s: %s\n", w.site.c_str(), excused->reason);
      continue;
    }
    apply_weakening(&w);
    std::string how;
    const bool found = is_found(chosen, verbose, how);
    apply_weakening(nullptr);
    std::printf("%s  %s %s -> %s: %s\n", found ? "needed" : "UNUSED", w.site.c_str(),
                order_text(w.from), order_text(w.to), found ? how.c_str() : "nothing notices it");
    good = good && found;
  }
  std::printf(good ? "all programs pass, all named orders are needed\n" : "FAILED\n");
  return good ? 0 : 1;
}

}  // namespace weft::model
