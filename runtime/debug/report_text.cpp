// What a report says as text and as JSON.
#include <cstdio>
#include <string>

#include <weft/debug.hpp>

namespace weft::debug {
namespace {

// 3, 5-9
std::string id_list(const std::vector<std::uint64_t>& ids) {
  std::string text;
  for (std::size_t i = 0; i < ids.size();) {
    std::size_t last = i;
    while (last + 1 < ids.size() && ids[last + 1] == ids[last] + 1) ++last;
    if (!text.empty()) text += ", ";
    text += std::to_string(ids[i]);
    if (last != i) text += (last == i + 1 ? ", " : "-") + std::to_string(ids[last]);
    i = last + 1;
  }
  return text;
}

std::string place_text(const code_place& place) {
  std::string text = place.function;
  if (!place.file.empty()) {
    if (!text.empty()) text += ' ';
    text += place.file;
    if (place.line != 0) text += ":" + std::to_string(place.line);
  }
  return text;
}

// In the largest unit of which there are enough to be exact; nothing for less than a millisecond.
std::string since_text(std::chrono::nanoseconds since) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
  const auto s = ms / 1000;
  if (ms <= 0) return {};
  if (s < 1) return ", " + std::to_string(ms) + " ms";
  if (s < 120) return ", " + std::to_string(s) + " s";
  if (s < 2 * 3600) return ", " + std::to_string(s / 60) + " min";
  return ", " + std::to_string(s / 3600) + " h";
}

void add_task(std::string& out, const task_report& task) {
  out += (task.ids.size() == 1 ? "task " : "tasks ") + id_list(task.ids) + " [" + task.reason;
  out += since_text(task.since) + "]";
  if (!task.name.empty()) out += ": " + task.name;
  out += "\n";
  if (const std::string where = place_text(task.where); !where.empty())
    out += "    at " + where + "\n";
  if (const std::string spawned = place_text(task.spawned); !spawned.empty()) {
    out += "    spawned ";
    if (task.spawned_by != 0) out += "by task " + std::to_string(task.spawned_by) + " ";
    out += "at " + spawned + "\n";
  }
  if (!task.waits_for.empty()) out += "    waits for " + task.waits_for + "\n";
  for (const std::string& c : task.cases) out += "    waits for " + c + "\n";
}

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char code[8];
      std::snprintf(code, sizeof code, "\\u%04x", static_cast<unsigned>(c));
      out += code;
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string place_json(const code_place& place) {
  return "{\"function\":" + quoted(place.function) + ",\"file\":" + quoted(place.file) +
         ",\"line\":" + std::to_string(place.line) + "}";
}

const char* verdict_text(verdict v) {
  switch (v) {
    case verdict::definite: return "definite";
    case verdict::possible: return "possible";
    case verdict::unknown: break;
  }
  return "unknown";
}

std::string task_json(const task_report& task) {
  std::string out = "{\"ids\":[";
  for (std::size_t i = 0; i < task.ids.size(); ++i)
    out += (i == 0 ? "" : ",") + std::to_string(task.ids[i]);
  out += "],\"name\":" + quoted(task.name) + ",\"reason\":" + quoted(task.reason) +
         ",\"since_ns\":" + std::to_string(task.since.count()) +
         ",\"where\":" + place_json(task.where) +
         ",\"spawned_by\":" + std::to_string(task.spawned_by) +
         ",\"spawned\":" + place_json(task.spawned) + ",\"waits_for\":" + quoted(task.waits_for) +
         ",\"cases\":[";
  for (std::size_t i = 0; i < task.cases.size(); ++i)
    out += (i == 0 ? "" : ",") + quoted(task.cases[i]);
  return out + "],\"held_by\":" + std::to_string(task.held_by) +
         ",\"verdict\":" + quoted(verdict_text(task.verdict)) + "}";
}

}  // namespace

std::string deadlock_report::summary() const {
  std::size_t count = 0;
  for (const task_report& task : tasks) count += task.ids.size();
  std::string out = std::to_string(count) + (count == 1 ? " task" : " tasks");
  const char* before = ": ";
  for (const task_report& task : tasks) {
    out += before + std::to_string(task.ids.size()) + " in " + task.reason;
    before = ", ";
  }
  return out;
}

std::string deadlock_report::text() const {
  std::string out;
  for (const task_report& task : tasks) {
    if (!out.empty()) out += "\n";
    add_task(out, task);
  }
  return out;
}

std::string deadlock_report::json() const {
  std::string out = "{\"summary\":" + quoted(summary()) + ",\"tasks\":[";
  for (std::size_t i = 0; i < tasks.size(); ++i) out += (i == 0 ? "" : ",") + task_json(tasks[i]);
  return out + "]}";
}

}  // namespace weft::debug
