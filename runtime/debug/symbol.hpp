// Return addresses to function, file and line. Any thread, while tasks run; allocates, so not for a
// signal handler that has nothing to fall back on (see last_resort.hpp).
#pragma once

#include <string>

#include <weft/debug.hpp>

namespace weft::rt {

// Of the call that returns to `return_pc`. Frames of weft's own headers that were inlined there are
// skipped, and those of the standard library.
debug::code_place symbolise(const void* return_pc);

// Whether a file, as a code_place names it, is weft's own or a header of the standard library.
bool is_library_file(const std::string& file) noexcept;

// A mangled symbol, or the name of a type_info, as the source writes it.
std::string demangled(const char* name);

}  // namespace weft::rt
