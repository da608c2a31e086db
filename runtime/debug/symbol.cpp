#include "runtime/debug/symbol.hpp"

#include <atomic>
#include <cxxabi.h>
#include <dlfcn.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

#if defined(WEFT_HAVE_LIBBACKTRACE)
#include <backtrace.h>
#endif

namespace weft::rt {
namespace {

// C names such as `f` would be read as types.
std::string plain_function(const char* name) {
  return std::strncmp(name, "_Z", 2) == 0 ? demangled(name) : std::string(name);
}

// Headers that stand between the user's line and the call: weft's, and lock_guard's.
bool is_library_header(const char* file) noexcept {
  return file != nullptr && (std::strstr(file, "include/weft/") != nullptr ||
                             std::strstr(file, "/include/c++/") != nullptr);
}

#if defined(WEFT_HAVE_LIBBACKTRACE)

void ignore_error(void*, const char*, int) {}

// Reads the debug information at its first use and keeps it; libbacktrace guards it itself.
backtrace_state* the_state() {
  // Without a guard of the compiler's: a thread that forks would leave it taken in the child.
  static constinit std::atomic<backtrace_state*> known{nullptr};
  backtrace_state* state = known.load(std::memory_order_acquire);
  if (state != nullptr) return state;
  backtrace_state* const fresh = backtrace_create_state(nullptr, 1, ignore_error, nullptr);
  return known.compare_exchange_strong(state, fresh, std::memory_order_acq_rel) ? fresh : state;
}

// Called for the innermost inlined frame first.
int take_frame(void* slot, std::uintptr_t, const char* file, int line, const char* function) {
  auto& found = *static_cast<debug::code_place*>(slot);
  if (file == nullptr && function == nullptr) return 0;
  found.function = function != nullptr ? plain_function(function) : std::string();
  found.file = file != nullptr ? file : "";
  found.line = line > 0 ? static_cast<unsigned>(line) : 0;
  return is_library_header(file) ? 0 : 1;
}

void take_symbol(void* slot, std::uintptr_t, const char* name, std::uintptr_t, std::uintptr_t) {
  if (name != nullptr) static_cast<debug::code_place*>(slot)->function = plain_function(name);
}

void ask_libbacktrace(std::uintptr_t pc, debug::code_place& found) {
  backtrace_state* state = the_state();
  if (state == nullptr) return;
  backtrace_pcinfo(state, pc, take_frame, ignore_error, &found);
  // The debug information of gcc calls every lambda operator(); the symbol says whose it is. If the
  // lambda was inlined, the symbol is its caller's and is not taken.
  if (!found.function.empty() && found.function != "operator()") return;
  debug::code_place symbol;
  backtrace_syminfo(state, pc, take_symbol, ignore_error, &symbol);
  const bool a_lambda = symbol.function.find("::operator()(") != std::string::npos &&
                        symbol.function.rfind("weft::", 0) != 0;
  if (found.function.empty() || a_lambda) found.function = symbol.function;
}

#else

void ask_libbacktrace(std::uintptr_t, debug::code_place&) {}

#endif

void ask_the_linker(std::uintptr_t pc, debug::code_place& found) {
  Dl_info info{};
  if (dladdr(reinterpret_cast<const void*>(pc), &info) == 0) return;
  if (info.dli_sname != nullptr) {
    found.function = plain_function(info.dli_sname);
    return;
  }
  if (info.dli_fname == nullptr) return;
  char offset[32];
  std::snprintf(offset, sizeof offset, "+0x%llx",
                static_cast<unsigned long long>(
                    pc - reinterpret_cast<std::uintptr_t>(info.dli_fbase)));
  found.function = std::string(info.dli_fname) + offset;
}

}  // namespace

std::string demangled(const char* name) {
  int status = 0;
  char* text = abi::__cxa_demangle(name, nullptr, nullptr, &status);
  std::string result = status == 0 && text != nullptr ? text : name;
  std::free(text);
  return result;
}

bool is_library_file(const std::string& file) noexcept {
  if (is_library_header(file.c_str())) return true;
  // This file as the compiler was told of it shows where the others are.
  constexpr std::string_view here = __FILE__, below = "runtime/debug/symbol.cpp";
  const std::string_view root = here.substr(0, here.size() - below.size());
  if (file.compare(0, root.size(), root) != 0) return false;
  for (const std::string_view room : {"runtime/", "scheduler/", "netpoll/"})
    if (file.compare(root.size(), room.size(), room) == 0) return true;
  return false;
}

debug::code_place symbolise(const void* return_pc) {
  debug::code_place found;
  if (return_pc == nullptr) return found;
  // The return address may already belong to the next line.
  const std::uintptr_t pc = reinterpret_cast<std::uintptr_t>(return_pc) - 1;
  ask_libbacktrace(pc, found);
  if (found.function.empty() && found.file.empty()) ask_the_linker(pc, found);
  return found;
}

}  // namespace weft::rt
