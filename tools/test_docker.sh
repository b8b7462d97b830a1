#!/bin/sh
# Builds the image with podman or docker and drives real runs through it, with CAP_PERFMON and
# without. BASE_IMAGE=… names another base. Where no base can be pulled, one is made of Debian's
# own packages with mmdebstrap (root) and kept for the next time.
set -eu
cd "$(dirname "$0")/.."

fail() { echo "test-docker: $*" >&2; exit 1; }

engine=
for name in ${ENGINE:-podman docker}; do
    command -v "$name" >/dev/null 2>&1 && engine=$name && break
done
[ -n "$engine" ] || fail "neither podman nor docker is on the PATH (Debian: apt-get install podman)"

scratch=$(mktemp -d)
container=
volume=timeslice-test-$$
finish() {
    [ -z "$container" ] || "$engine" rm --force "$container" >/dev/null 2>&1 || true
    "$engine" volume rm "$volume" >/dev/null 2>&1 || true
    rm -rf "$scratch"
}
trap finish EXIT
trap 'exit 1' INT TERM

certificates=${SSL_CERT_FILE:-}
if [ "$engine" = podman ] && [ -z "${CONTAINERS_CONF:-}" ]; then
    # Limits are named because inherited ones may be above what the runtime may set; runc and
    # cgroupfs work on hybrid cgroups and without systemd, where crun does not.
    {
        echo '[containers]'
        echo 'default_ulimits = ["nofile=1024:4096", "nproc=4096:4096"]'
        [ -z "$certificates" ] || echo "volumes = [\"$certificates:$certificates:ro\"]"
        echo '[engine]'
        echo 'cgroup_manager = "cgroupfs"'
        echo 'events_logger = "file"'
        ! command -v runc >/dev/null 2>&1 || echo 'runtime = "runc"'
    } > "$scratch/containers.conf"
    export CONTAINERS_CONF="$scratch/containers.conf"
fi

# pip's settings of this machine, where it has any; never part of the image.
{
    for file in "${PIP_CONFIG_FILE:-}" "$HOME/.config/pip/pip.conf" "$HOME/.pip/pip.conf" \
        /etc/pip.conf; do
        [ ! -f "$file" ] || { cat "$file"; break; }
    done
    [ -z "$certificates" ] || printf '\n[install]\ncert = %s\n' "$certificates"
} > "$scratch/pip.conf"

base=${BASE_IMAGE:-$(sed -n 's/^ARG BASE_IMAGE=//p' Dockerfile)}
if ! "$engine" image inspect "$base" >/dev/null 2>&1 &&
    ! timeout 120 "$engine" pull --quiet "$base" >"$scratch/pull" 2>&1; then
    echo "test-docker: $base can't be pulled: $(tail -1 "$scratch/pull")"
    base=localhost/timeslice-base:bookworm
    if ! "$engine" image inspect "$base" >/dev/null 2>&1; then
        command -v mmdebstrap >/dev/null 2>&1 || fail "no base image, and no mmdebstrap to make one"
        echo "test-docker: making $base of this machine's own Debian sources"
        sources=/etc/apt/sources.list.d/debian.sources
        [ -f "$sources" ] || sources=/etc/apt/sources.list
        mmdebstrap --quiet --variant=minbase \
            --include=python3,python3-venv,python3-pip,ca-certificates \
            bookworm "$scratch/base.tar" - < "$sources"
        "$engine" import --change 'CMD ["python3"]' "$scratch/base.tar" "$base" >/dev/null
    fi
fi

image=localhost/timeslice:test
echo "test-docker: building on $base with $engine"
format=
[ "$engine" != podman ] || format='--format docker'
# shellcheck disable=SC2086
"$engine" build $format --quiet --build-arg "BASE_IMAGE=$base" \
    --secret "id=pip.conf,src=$scratch/pip.conf" --tag "$image" . >/dev/null

# start ARGUMENT…: a container of the image on a free port of the loopback; sets $url.
start() {
    container=$("$engine" run --detach --publish 127.0.0.1::8000 --volume "$volume:/data" "$@" \
        "$image")
    url=http://$("$engine" port "$container" 8000/tcp | head -1)
}

stop() {
    "$engine" stop --time 5 "$container" >/dev/null
    "$engine" rm "$container" >/dev/null
    container=
}

# Without the capability, with it, and with it where the engine's own profile of system calls is
# too old to know it.
profile=
if [ "$engine" = podman ]; then
    profile=$(podman info --format '{{.Host.Security.SECCOMPProfilePath}}')
fi
set -- "" "--cap-add=PERFMON"
if [ -n "$profile" ] && [ -f "$profile" ]; then
    python3 tools/docker/seccomp.py < "$profile" > "$scratch/seccomp.json"
    set -- "$@" "--cap-add=PERFMON --security-opt=seccomp=$scratch/seccomp.json"
fi
# The image's own health check says that the server is well.
healthy() {
    if [ "$engine" = podman ]; then
        podman healthcheck run "$container"
    else
        timeout 60 sh -c "until docker inspect --format '{{.State.Health.Status}}' $container |
            grep -qx healthy; do sleep 1; done"
    fi
}

for grant in "$@"; do
    echo "test-docker: ${grant:-no capability added}"
    # shellcheck disable=SC2086
    start $grant
    python3 tools/docker/drive.py wait "$url" || { "$engine" logs "$container"; exit 1; }
    [ "$("$engine" exec "$container" id -u)" != 0 ] || fail "the server runs as root"
    "$engine" exec "$container" python3 -c "import os; os.close(os.open('/data/probe', os.O_CREAT))" ||
        fail "/data is not writable"
    healthy || fail "the health check fails"
    "$engine" exec "$container" timeslice-entry doctor --json 2>/dev/null >"$scratch/doctor"
    python3 tools/docker/drive.py run "$url" "$scratch/doctor" > "$scratch/run" || {
        cat "$scratch/run"
        "$engine" logs "$container"
        exit 1
    }
    cat "$scratch/run"
    if [ -n "${PICTURES:-}" ]; then
        # The last grant is the one that this engine's profile lets through.
        name=container
        [ -z "$grant" ] || name=perfmon
        .venv/bin/python -m tools.witness_pictures "$PICTURES" "$name" "$url"
    fi
    stop
done

echo "test-docker: a new container on the same volume replays the run"
start
python3 tools/docker/drive.py wait "$url"
python3 tools/docker/drive.py replay "$url" "$(sed -n 's/^run //p' "$scratch/run")"
stop
echo "test-docker: passed"
