#!/usr/bin/env bash
# Publishes the functions as the Functions host wants them: one native program, host.json, a folder with function.json for each function.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
out=$root/.azure-package/functions

fail() { echo "$*" >&2; exit 1; }

# In a container the program is linked with an old C library, which every host has; here with that of this machine.
how=${CTSEG_PACKAGE:-}
if [ -z "$how" ]; then
    if docker info > /dev/null 2>&1; then how=container; else how=here; fi
fi
rm -rf "$out"
case $how in
    container)
        arguments=()
        for pinned in ${CTSEG_BUILD_ARGS:-}; do arguments+=(--build-arg "$pinned"); done
        DOCKER_BUILDKIT=1 docker build --platform linux/amd64 --target package --output "type=local,dest=$out" -f "$root/functions/Dockerfile" ${arguments[@]+"${arguments[@]}"} "$root" ;;
    here)
        [ "$(uname -sm)" = 'Linux x86_64' ] || fail "The functions run on Linux (x64), and this is $(uname -sm): start docker, and they are built in a container."
        dotnet publish "$root/functions" -c Release -r linux-x64 -p:PublishAot=true -p:BlobTriggerSource=EventGrid -o "$out" ;;
    *) fail "CTSEG_PACKAGE is '$how': it must be container or here." ;;
esac
"$root/build/check-glibc.sh" "$out/ctseg-functions" "${CTSEG_HOST_GLIBC:-2.31}"
chmod +x "$out/ctseg-functions"
