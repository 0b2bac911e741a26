#!/bin/sh
# run.sh SCRIPT ARGUMENTS…: runs a Python script with the first python3 that has PyTorch and NumPy (Debian's, where a
# user's own comes first in PATH). Ends with 77, for ctest "skipped", where none has.
for python in python3 /usr/bin/python3; do
  if "$python" -c 'import torch, numpy' 2>/dev/null; then exec "$python" "$@"; fi
done
echo "SKIPPED $(basename "$1"): no python3 here has PyTorch and NumPy; apt install python3-torch python3-numpy to run it"
exit 77
