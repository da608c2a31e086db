#!/bin/sh
# static_destruction.sh OBJECT...: nothing of ours is registered to run when the process exits (threads
# may still be using weft then). Objects of threads are another matter: __cxa_thread_atexit.
set -e
status=0
for object in "$@"; do
  if nm "$object" 2>/dev/null | grep -qE ' U (__cxa_atexit|atexit|on_exit)$|\.fini_array'; then
    echo "$object registers something for the end of the process"
    status=1
  fi
done
echo "static destruction: looked at $# objects"
exit $status
