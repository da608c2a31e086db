# weft_warnings: for our own code only, never for those who link weft.
add_library(weft_warnings INTERFACE)
set(weft_warning_flags
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor
  -Woverloaded-virtual -Wcast-align -Wformat=2 -Wimplicit-fallthrough)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # -Wrestrict: gcc 12 sees overlaps in std::string's operator+ that are not there.
  list(APPEND weft_warning_flags -Wduplicated-cond -Wno-restrict)
  if(WEFT_SANITIZE)
    # gcc's flow warnings see ghosts in instrumented code.
    list(APPEND weft_warning_flags -Wno-maybe-uninitialized)
  endif()
  if(WEFT_SANITIZE STREQUAL "thread")
    list(APPEND weft_warning_flags -Wno-tsan)  # fences: the code pairs each with an annotated access
  endif()
endif()
if(WEFT_WERROR)
  list(APPEND weft_warning_flags -Werror)
endif()
target_compile_options(weft_warnings INTERFACE "$<$<COMPILE_LANGUAGE:CXX>:${weft_warning_flags}>")
