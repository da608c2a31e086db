# cmake -DBUILD=<weft's build dir> -DSOURCE=<weft's source> -DWORK=dir -DCOMPILER=... -DGENERATOR=...
#       -DFLAGS=... -P consumer.cmake
# Installs weft into a fresh prefix and builds tests/consumer with find_package; then once more with
# add_subdirectory, static and shared. Runs each.
function(step)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE status OUTPUT_VARIABLE text ERROR_VARIABLE text)
  if(NOT status EQUAL 0)
    list(JOIN ARGN " " command)
    message("${text}")
    message(FATAL_ERROR "'${command}' ended with ${status}")
  endif()
endfunction()

function(consume name)
  step("${CMAKE_COMMAND}" -S "${SOURCE}/tests/consumer" -B "${WORK}/${name}" -G "${GENERATOR}"
    "-DCMAKE_CXX_COMPILER=${COMPILER}" "-DCMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER}" ${ARGN})
  step("${CMAKE_COMMAND}" --build "${WORK}/${name}")
  step("${WORK}/${name}/consumer")
  message(STATUS "consumer: ${name} works")
endfunction()

file(REMOVE_RECURSE "${WORK}")
step("${CMAKE_COMMAND}" --install "${BUILD}" --prefix "${WORK}/prefix")
file(GLOB_RECURSE stray RELATIVE "${WORK}/prefix/include" "${WORK}/prefix/include/*")
list(FILTER stray EXCLUDE REGEX "^weft/.*\\.hpp$")
if(stray)
  message(FATAL_ERROR "installed beside the public headers: ${stray}")
endif()
consume(installed "-DCMAKE_PREFIX_PATH=${WORK}/prefix")
consume(subdirectory "-DWEFT_SOURCE=${SOURCE}")
consume(shared_subdirectory "-DWEFT_SOURCE=${SOURCE}" -DWEFT_SHARED=ON)
