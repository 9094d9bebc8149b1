#!/usr/bin/env bash
# check-glibc.sh PROGRAM VERSION: whether a program starts where the C library is of this version. The versions that it needs stand in it as text.
set -euo pipefail
needed=$(LC_ALL=C grep -a -o 'GLIBC_2\.[0-9]*' "$1" | sort -u | sort -t . -k 2 -n | tail -n 1)
needed=${needed#GLIBC_}
if [ "${needed#2.}" -gt "${2#2.}" ]; then
    echo "$1 needs version $needed of the C library (glibc), and the host may have $2 only: it would not start. Build it in a container (start docker), or, if you know that the host has a newer one, say so: azd env set CTSEG_HOST_GLIBC $needed." >&2
    exit 1
fi
