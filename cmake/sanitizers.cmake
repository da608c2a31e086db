# WEFT_SANITIZE applies to everything built here, tests and examples included, and to whoever links the
# static library from the same build tree.
if(WEFT_SANITIZE)
  if(NOT WEFT_SANITIZE MATCHES "^(address|undefined|thread|address,undefined)$")
    message(FATAL_ERROR "WEFT_SANITIZE is '${WEFT_SANITIZE}'; it must be address, undefined, thread or address,undefined")
  endif()
  add_compile_options(-fsanitize=${WEFT_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${WEFT_SANITIZE})
  if(WEFT_SANITIZE MATCHES "undefined")
    # The vptr check opens a pipe to see whether memory is readable, so it reports errors of its own in
    # the tests that run out of descriptors.
    add_compile_options(-fno-sanitize-recover=undefined -fno-sanitize=vptr)
  endif()
endif()
