# The .NET programs: built in Release when a source file changed since the last build, or was committed.

require_dotnet() {
    local folder
    if ! command -v dotnet > /dev/null; then
        for folder in "${DOTNET_ROOT:-}" "$HOME/.dotnet" /usr/share/dotnet /usr/lib/dotnet; do
            if [ -n "$folder" ] && [ -x "$folder/dotnet" ]; then
                export DOTNET_ROOT=$folder PATH=$folder:$PATH
                break
            fi
        done
    fi
    command -v dotnet > /dev/null ||
        fail 'the .NET 10 SDK is missing: install it (https://dotnet.microsoft.com/download/dotnet/10.0) and run this again.'
    # The programs' own starters look there, not in PATH.
    if [ -z "${DOTNET_ROOT:-}" ]; then
        folder=$(dirname "$(readlink -f "$(command -v dotnet)")")
        if [ -d "$folder/shared/Microsoft.NETCore.App" ]; then export DOTNET_ROOT=$folder; fi
    fi
}

require_sdk_10() {
    dotnet --list-sdks | grep -q '^10\.' ||
        fail "the .NET 10 SDK is missing, only these are here: $(dotnet --list-sdks | cut -d' ' -f1 | tr '\n' ' ')- install it (https://dotnet.microsoft.com/download/dotnet/10.0) and run this again."
}

# Name, time and size of every source file, and the sources' last commit: notices edits, additions and removals, and costs
# milliseconds. The programs note the commit they are built from: one that was built before its commit is built again.
list_sources() {
    local scope=$1
    local parts=(functions shared local training-job build Directory.Build.props Directory.Packages.props Serverless.sln global.json host.json)
    if [ "$scope" = all ]; then parts+=(tests); fi
    local prune=(-type d '(' -name bin -o -name obj -o -name node_modules ')' -prune -o -type f)
    {
        git -C "$root" log -1 --format=%H -- "${parts[@]}" 2> /dev/null || true
        if [ "$(uname)" = Darwin ]; then
            (cd "$root" && find "${parts[@]}" "${prune[@]}" -exec stat -f '%N %m %z' '{}' +)
        else
            (cd "$root" && find "${parts[@]}" "${prune[@]}" -printf '%p %T@ %s\n')
        fi
    } | LC_ALL=C sort | cksum
}

job_program() { ls -1 "$root"/training-job/bin/Release/net10.0/*/ctseg-job 2> /dev/null | head -n 1; }

# build_programs programs|all
build_programs() {
    local scope=$1 stamp=$state/setup/built-$1 sources target=build/Programs.slnf
    sources=$(list_sources "$scope")
    if [ -x "$local_program" ] && [ -n "$(job_program)" ] && [ "$(cat "$stamp" 2> /dev/null)" = "$sources" ]; then return; fi
    require_sdk_10
    if [ "$scope" = all ]; then target=Serverless.sln; fi
    step 'Restoring packages' "$state/setup/restore.log" dotnet restore "$root/$target" --nologo
    step 'Building the programs' "$state/setup/build.log" \
        dotnet build "$root/$target" -c Release --no-restore --nologo -v quiet -nodeReuse:false
    printf '%s\n' "$sources" > "$stamp"
}
