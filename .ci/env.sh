# Shared by ./test, ./run, ./tour, ./bench, ./lock: system packages, Python, environment, screen.
# Sourced from the top of the repository, by a POSIX shell.

export LC_ALL="${LC_ALL:-C.UTF-8}"
export PIP_DISABLE_PIP_VERSION_CHECK=1
LOGS=var/log
VENV=.venv
PYTHON=$VENV/bin/python

# What Qt, the tokens and the virtual screen need to run at all.
RUN_PACKAGES="python3-venv libegl1 libgl1 libglib2.0-0 libdbus-1-3 libfontconfig1
libxkbcommon-x11-0 libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0
libxcb-render-util0 libxcb-shape0 libxcb-sync1 libxcb-xfixes0 libxcb-xinerama0 libxcb-xkb1
softhsm2 xvfb xauth poppler-utils"
# What the tests need besides: a real database server, input method, screen reader's view.
TEST_PACKAGES="$RUN_PACKAGES git postgresql dbus openbox xdotool ibus ibus-unikey at-spi2-core
gir1.2-atspi-2.0 python3-gi gcc libc6-dev openssl xmlsec1"

say() { printf '%s\n' "$*" >&2; }

missing_packages() {
    have=" $(dpkg-query -W -f '${db:Status-Abbrev}|${Package}, ${Provides}\n' 2>/dev/null |
        sed -n 's/^i[iWt] *|//p' | sed 's/ ([^)]*)//g; s/,/ /g' | tr '\n' ' ') "
    for package in $1; do
        case "$have" in *" $package "*) ;; *) printf '%s ' "$package" ;; esac
    done
}

apt() {
    log=$LOGS/apt.log
    "$@" >>"$log" 2>&1 </dev/null || { say "apt failed; the end of $log:"; tail -n 15 "$log" >&2; return 1; }
}

# Install what is missing when we may; otherwise print the one line to type.
system_packages() {
    command -v dpkg-query >/dev/null || { say "not a Debian: install by hand: $1"; return 0; }
    wanted=$(missing_packages "$1")
    [ -n "$wanted" ] || return 0
    if [ "$(id -u)" = 0 ]; then may=; elif sudo -n true 2>/dev/null; then may="sudo -n"; else
        say "These system packages are missing. Type this line once, then start again:"
        say "  sudo apt-get update && sudo apt-get install -y --no-install-recommends $wanted"
        return 1
    fi
    say "installing system packages: $wanted"
    mkdir -p "$LOGS"
    apt $may apt-get -qq -o DPkg::Lock::Timeout=300 update
    apt $may env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=300 \
        install --no-install-recommends $wanted
}

# Answer the first Python that has a lock file, with its short name.
pick_python() {
    for candidate in ${HOABAN_PYTHON:-python3.11 python3.12 python3.13 python3}; do
        short=$("$candidate" -c 'import sys; print("py%d%d" % sys.version_info[:2])' 2>/dev/null) || continue
        [ -f "locks/run-$short-linux.txt" ] && printf '%s %s\n' "$candidate" "$short" && return 0
    done
    say "Python 3.11, 3.12 or 3.13 is needed; none was found."
    return 1
}

lock_hash() { sha256sum "$1" | cut -c1-64; }

# Make the environment of a kind (run or dev) from its lock file; dev holds all of run.
environment() {
    kind=$1
    picked=$(pick_python) || return 1
    base=${picked% *} short=${picked#* }
    lock=locks/$kind-$short-linux.txt
    stamp=$VENV/.locks
    if [ -x "$PYTHON" ] && ! "$PYTHON" -c "import sys; sys.exit('py%d%d' % sys.version_info[:2] != '$short')"; then
        say "the environment is of another Python; making a new one"
        rm -rf "$VENV"
    fi
    grep -qs "$(lock_hash "$lock")" "$stamp" && [ -x "$PYTHON" ] && return 0
    say "making the environment from $lock (once; some minutes on a slow line)"
    mkdir -p "$LOGS"
    [ -x "$PYTHON" ] || "$base" -m venv "$VENV" >"$LOGS/venv.log" 2>&1 || {
        tail -n 5 "$LOGS/venv.log" >&2; return 1; }
    "$PYTHON" -m pip install --quiet --require-hashes --only-binary=:all: -r "$lock" >"$LOGS/pip.log" 2>&1 || {
        say "pip failed; the end of $LOGS/pip.log:"; tail -n 15 "$LOGS/pip.log" >&2; return 1; }
    lock_hash "$lock" >"$stamp"
    if [ "$kind" = dev ]; then lock_hash "locks/run-$short-linux.txt" >>"$stamp"; fi
}

has_screen() { [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; }

# Run a command on a virtual screen of the size that the province's PCs have.
on_virtual_screen() {
    WAYLAND_DISPLAY='' QT_QPA_PLATFORM=xcb xvfb-run -a -s "-screen 0 1366x768x24 -nolisten tcp" "$@"
}
