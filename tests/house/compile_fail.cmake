# cmake -DCOMPILER=... -DSOURCE=... -DINCLUDE=... -P compile_fail.cmake
# NAME.ok.cpp must compile. Any other NAME.cpp must not, and the compiler's message must match the regular
# expression of its "// expect: REGEX" line.
execute_process(COMMAND "${COMPILER}" -std=c++20 -fsyntax-only -I "${INCLUDE}" "${SOURCE}"
  RESULT_VARIABLE status OUTPUT_VARIABLE text ERROR_VARIABLE text)
if(SOURCE MATCHES "\\.ok\\.cpp$")
  if(NOT status EQUAL 0)
    message("${text}")
    message(FATAL_ERROR "${SOURCE} must compile, but does not")
  endif()
  return()
endif()
file(STRINGS "${SOURCE}" expect REGEX "^// expect: " LIMIT_COUNT 1)
if(NOT expect)
  message(FATAL_ERROR "${SOURCE} has no line '// expect: REGEX'")
endif()
string(REGEX REPLACE "^// expect: " "" expect "${expect}")
if(status EQUAL 0)
  message(FATAL_ERROR "${SOURCE} compiles, but must not")
endif()
if(NOT text MATCHES "${expect}")
  message("${text}")
  message(FATAL_ERROR "${SOURCE} does not compile, but not with '${expect}'")
endif()
