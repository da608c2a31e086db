# What weft is built with: Threads, fmt and Boost (headers; the context library when WEFT_SWITCH is
# boost); libbacktrace if the compiler has it. weft_dependencies carries them to the rooms.
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
find_package(fmt 8 REQUIRED)
if(WEFT_SWITCH STREQUAL "boost")
  find_package(Boost 1.74 REQUIRED COMPONENTS context)
else()
  find_package(Boost 1.74 REQUIRED)
endif()

add_library(weft_dependencies INTERFACE)
target_link_libraries(weft_dependencies INTERFACE Threads::Threads fmt::fmt Boost::headers)
if(WEFT_SWITCH STREQUAL "boost")
  target_link_libraries(weft_dependencies INTERFACE Boost::context)
endif()

# libbacktrace comes with gcc: the library in a directory that gcc and clang both search, the header in
# one that only gcc does. The header alone is copied, so that clang gets nothing else of gcc's.
option(WEFT_LIBBACKTRACE "use libbacktrace for names and lines in reports" ON)
set(WEFT_HAVE_LIBBACKTRACE OFF)
if(WEFT_LIBBACKTRACE)
  set(weft_backtrace_dir "${PROJECT_BINARY_DIR}/libbacktrace")
  set(weft_backtrace_probe "${weft_backtrace_dir}/probe.cpp")
  if(NOT EXISTS "${weft_backtrace_dir}/include/backtrace.h")
    find_program(WEFT_GCC NAMES gcc)
    mark_as_advanced(WEFT_GCC)
    if(WEFT_GCC)
      execute_process(COMMAND "${WEFT_GCC}" -print-file-name=include
        OUTPUT_VARIABLE gcc_include OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
      foreach(header backtrace.h backtrace-supported.h)
        if(EXISTS "${gcc_include}/${header}")
          configure_file("${gcc_include}/${header}" "${weft_backtrace_dir}/include/${header}" COPYONLY)
        endif()
      endforeach()
    endif()
  endif()
  file(WRITE "${weft_backtrace_probe}.in" "#include <backtrace.h>
int main() { return backtrace_create_state(nullptr, 1, nullptr, nullptr) == nullptr; }
")
  configure_file("${weft_backtrace_probe}.in" "${weft_backtrace_probe}" COPYONLY)
  try_compile(WEFT_LIBBACKTRACE_WORKS "${weft_backtrace_dir}/build" "${weft_backtrace_probe}"
    CMAKE_FLAGS "-DINCLUDE_DIRECTORIES=${weft_backtrace_dir}/include"
    LINK_LIBRARIES backtrace)
  set(WEFT_HAVE_LIBBACKTRACE ${WEFT_LIBBACKTRACE_WORKS})
endif()
if(WEFT_HAVE_LIBBACKTRACE)
  target_include_directories(weft_dependencies SYSTEM INTERFACE "${weft_backtrace_dir}/include")
  target_compile_definitions(weft_dependencies INTERFACE WEFT_HAVE_LIBBACKTRACE=1)
else()
  message(STATUS "weft: no libbacktrace: reports show addresses and symbol names, no lines")
endif()
