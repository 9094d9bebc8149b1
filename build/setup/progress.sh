# Progress of set-up, on standard error: a running clock on a terminal, plain lines in a pipe, nothing where nothing is done.

say() { printf '%s\n' "$*" >&2; }

fail() { say "ctseg: $*"; exit 1; }

# with_setup_lock FUNCTION: two ./ctseg at once set up one after the other. Children must not inherit the lock (see step):
# the compiler server lives on after a build and would hold it.
with_setup_lock() {
    if ! command -v flock > /dev/null; then "$1"; return; fi
    exec 9> "$state/setup/lock"
    if ! flock -n 9; then
        say 'Waiting for another ./ctseg to finish its set-up.'
        flock 9
    fi
    "$1"
    exec 9>&-
}

# step TITLE LOG COMMAND...: runs COMMAND quietly and shows its output only when it fails.
step() {
    local title=$1 log=$2 started=$SECONDS child status=0
    shift 2
    "$@" > "$log" 2>&1 < /dev/null 9>&- &
    child=$!
    trap 'kill "$child" 2> /dev/null || true; exit 130' INT TERM
    if [ -t 2 ]; then
        spin "$title" "$child" "$started"
    else
        say "$title ..."
    fi
    wait "$child" || status=$?
    trap - INT TERM
    if [ "$status" != 0 ]; then
        say "$title: failed."
        tail -n 60 "$log" >&2
        fail "$title failed; its whole output is in $log"
    fi
    say "$title: done in $((SECONDS - started)) s."
}

spin() {
    local title=$1 child=$2 started=$3 frame=0 frames='|/-\'
    while kill -0 "$child" 2> /dev/null; do
        printf '\r%s %s %d s ' "${frames:frame++%4:1}" "$title" "$((SECONDS - started))" >&2
        sleep 0.2 9>&-
    done
    printf '\r\033[K' >&2
}
