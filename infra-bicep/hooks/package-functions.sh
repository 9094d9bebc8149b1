#!/bin/sh
# Publishes the functions as the Functions host wants them: one native program, host.json, a folder with function.json for each function.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd -P)
out=$root/.azure-package/functions
rm -rf "$out"
dotnet publish "$root/functions" -c Release -r linux-x64 -p:PublishAot=true -p:BlobTriggerSource=EventGrid -o "$out"
chmod +x "$out/ctseg-functions"
