#!/bin/sh
# Builds a free-threaded CPython into the folder given: for the tests on a machine that has none
# (make test-interpreters looks for it there). Takes Debian's source of python3.13 from the mirror
# that this machine's apt uses, with the release's name replaced; touches none of apt's own files.
# What an interrupted build had made is used again.
set -eu
source=python3.13
release=trixie # whose source package has this version

fail() { echo "free_threaded: $*" >&2; exit 1; }

[ $# = 1 ] || fail "name the one folder to build into: sh tools/free_threaded.sh FOLDER"
mkdir -p "$1"
folder=$(cd "$1" && pwd)
python=$folder/bin/${source}t
without_gil() { "$python" -c 'import sys; sys.exit(sys._is_gil_enabled())' 2>/dev/null; }
without_gil && echo "$python is there already." && exit 0

missing=
for name in apt-get cc make tar xz; do
    command -v $name >/dev/null 2>&1 || missing="$missing $name"
done
[ -z "$missing" ] || fail "these are missing:$missing (Debian: apt-get install build-essential xz-utils)"

scratch=$folder/scratch
mkdir -p "$scratch/lists/partial" "$scratch/cache/archives/partial"
cd "$scratch"
if ! ls ./*.orig.tar.xz >/dev/null 2>&1; then
    codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
    mirror=$(apt-get indextargets --format '$(RELEASE) $(REPO_URI)' 'Created-By: Packages' |
        sed -n "s/^$codename //p" | head -n 1)
    [ -n "$mirror" ] || fail "this machine's apt names no mirror of Debian's $codename"
    echo "deb-src $mirror $release main" > sources.list
    own_apt() {
        apt-get -qq -o Dir::State::Lists="$scratch/lists" -o Dir::Cache="$scratch/cache" \
            -o Dir::Etc::SourceList="$scratch/sources.list" -o Dir::Etc::SourceParts=/dev/null \
            -o APT::Sandbox::User="$(id -un)" "$@"
    }
    own_apt update || fail "no list of $release's source packages from this machine's mirror"
    own_apt source --download-only $source || fail "$release's source of $source can't be had"
fi
if [ ! -f tree/configure ]; then
    mkdir -p tree
    tar -xJf ./*.orig.tar.xz -C tree --strip-components=1
fi
cd tree
[ -f Makefile ] || ./configure -q --disable-gil --prefix="$folder" --disable-test-modules \
    --without-ensurepip > ../configure.log 2>&1 || fail "configure failed: see $scratch/configure.log"
make -j"$(nproc)" > ../make.log 2>&1 || fail "make failed: see $scratch/make.log"
make altinstall > ../install.log 2>&1 || fail "make altinstall failed: see $scratch/install.log"
rm -f "$folder/bin/$source" # the other name would hide an ordinary build of this version
without_gil || fail "$python was built, but does not run without the GIL"
rm -rf "$scratch"
echo "$python: $("$python" --version)"
