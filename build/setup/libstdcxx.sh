# libtorch's C# layer needs the libstdc++ of GCC 13 (GLIBCXX_3.4.32). Where the system's is older, Debian 13's is unpacked
# into .ctseg/glibc with the C library it needs, and the starters of the programs that load libtorch are pointed at it.
# Nothing of the system is changed, and no rights are needed.

needed_glibcxx=GLIBCXX_3.4.32
glibc=$state/glibc

prepare_libstdcxx() {
    if [ "$(uname)" != Linux ] || has_new_libstdcxx; then return; fi
    if [ ! -e "$glibc/lib/.ready" ]; then
        can_fetch_libstdcxx || fail "libtorch needs a libstdc++ with $needed_glibcxx (GCC 13 or newer; Debian 13, Ubuntu 24.04 and newer have it), and this system has only an older one: install a newer libstdc++6 and run this again."
        step 'Fetching a newer libstdc++ (kept in .ctseg, the system stays as it is)' "$state/setup/libstdcxx.log" fetch_libstdcxx
    fi
    patch_starters
}

# Looks into the library that the loader would take.
has_new_libstdcxx() {
    local library
    library=$(loaded_libstdcxx)
    [ -n "$library" ] && grep -q -a -F "$needed_glibcxx" "$library"
}

loaded_libstdcxx() {
    local folder
    while IFS= read -r -d : folder; do
        if [ -n "$folder" ] && [ -e "$folder/libstdc++.so.6" ]; then printf '%s' "$folder/libstdc++.so.6"; return; fi
    done <<< "${LD_LIBRARY_PATH:-}:"
    PATH=$PATH:/sbin:/usr/sbin ldconfig -p 2> /dev/null | sed -n 's/^\tlibstdc++\.so\.6 (libc6,x86-64) => //p' | head -n 1
}

can_fetch_libstdcxx() {
    command -v apt-get > /dev/null && command -v dpkg > /dev/null && [ "$(dpkg --print-architecture)" = amd64 ] && [ -n "$(debian_mirror)" ]
}

# The address this machine takes Debian's main archive from.
debian_mirror() {
    apt-get indextargets --no-release-info --format '$(REPO_URI) $(COMPONENT)' 'Created-By: Packages' 2> /dev/null |
        sed -n 's#^\([^ ]*/debian\)/* main$#\1#p' | head -n 1
}

fetch_libstdcxx() {
    set -e
    local work=$glibc/work apt keyring=/usr/share/keyrings/debian-archive-keyring.gpg options=''
    rm -rf "$glibc"
    mkdir -p "$work"/{lists/partial,cache/archives/partial,sources,debs,unpacked} "$glibc/lib"
    if [ -e "$keyring" ]; then options="[signed-by=$keyring] "; fi
    printf 'deb %s%s trixie main\n' "$options" "$(debian_mirror)" > "$work/sources/trixie.list"
    apt=(apt-get -q -o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$work/sources" -o "Dir::State::lists=$work/lists"
        -o "Dir::Cache=$work/cache" -o APT::Sandbox::User= -o Acquire::Languages=none)
    "${apt[@]}" update
    cd "$work/debs"
    "${apt[@]}" download libc6/trixie libstdc++6/trixie libgcc-s1/trixie patchelf/trixie
    local package
    for package in ./*.deb; do dpkg -x "$package" "$work/unpacked"; done
    find "$work/unpacked" '(' -path '*/x86_64-linux-gnu/*.so*' -o -name ld-linux-x86-64.so.2 ')' \
        -not -path '*/gconv/*' -not -path '*/audit/*' -exec cp -Pn '{}' "$glibc/lib/" ';'
    cp "$work/unpacked/usr/bin/patchelf" "$glibc/patchelf"
    rm -rf "$work"
    [ -e "$glibc/lib/ld-linux-x86-64.so.2" ] && [ -e "$glibc/lib/libstdc++.so.6" ]
    touch "$glibc/lib/.ready"
}

# A build replaces the starters, so this looks at each of them every time; they are small.
patch_starters() {
    local native folder settings starter copy loader=$glibc/lib/ld-linux-x86-64.so.2
    for native in "$root"/training-job/bin/*/*/*/libLibTorchSharp.so "$root"/tests/*/bin/*/*/*/libLibTorchSharp.so; do
        folder=${native%/*}
        for settings in "$folder"/*.runtimeconfig.json; do
            starter=${settings%.runtimeconfig.json}
            if [ ! -x "$starter" ] || grep -q -a -F "$loader" "$starter"; then continue; fi
            copy=$starter.patched.$$
            cp "$starter" "$copy"
            "$loader" --library-path "$glibc/lib" "$glibc/patchelf" \
                --set-interpreter "$loader" --force-rpath --set-rpath "$glibc/lib" "$copy" ||
                fail "could not point $starter at the newer libstdc++."
            mv "$copy" "$starter"
        done
    done
}
