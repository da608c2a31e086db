# cmake -DSOURCE=<root> -DWORK=dir -DGENERATOR=... -P cross_switch.cmake
# Builds tests/context_smoke for aarch64, optimised and not, and runs it under qemu.
foreach(type Release Debug)
  set(build "${WORK}/${type}")
  foreach(command IN ITEMS
      "${CMAKE_COMMAND};-S;${SOURCE}/tests/context_smoke;-B;${build};-G;${GENERATOR};-DCMAKE_BUILD_TYPE=${type};-DCMAKE_TOOLCHAIN_FILE=${SOURCE}/cmake/toolchains/aarch64-linux-gnu.cmake"
      "${CMAKE_COMMAND};--build;${build}"
      "${CMAKE_CTEST_COMMAND};--test-dir;${build};--output-on-failure;--no-tests=error")
    string(REPLACE ";" " " shown "${command}")
    execute_process(COMMAND ${command} RESULT_VARIABLE status OUTPUT_VARIABLE text ERROR_VARIABLE text)
    if(NOT status EQUAL 0)
      message("${text}")
      message(FATAL_ERROR "'${shown}' ended with ${status}")
    endif()
  endforeach()
  message(STATUS "aarch64, ${type}: the switch works")
endforeach()
