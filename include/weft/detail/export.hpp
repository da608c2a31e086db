// WEFT_API marks what the shared library exports; everything else is built with hidden visibility.
// Put it on out-of-line functions and on classes whose type information crosses the library's
// border (everything that is thrown). Templates and inline functions need nothing.
#pragma once

#if defined(__GNUC__) || defined(__clang__)
#define WEFT_API __attribute__((visibility("default")))
#else
#define WEFT_API
#endif
