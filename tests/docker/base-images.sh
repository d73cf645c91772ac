#!/usr/bin/env bash
# Stand-ins for the base images of docker/Dockerfile, for an engine that can pull nothing: a Debian from debootstrap, and the
# same with this machine's Rust. They carry the machine's package sources, proxies and certificates, so that the Dockerfile
# itself needs to know nothing of them.
#
#   base-images.sh make           makes those whose tags are missing and prints the tags it made; needs root, as debootstrap does
#   base-images.sh remove TAG...  removes tags that it made, with every image that was built on them
set -euo pipefail
export DOCKER_CLI_HINTS=false
cd "$(dirname "$0")/../.."

suite=bookworm
debian=debian:$suite-slim
rust=rust:$(sed -n 's/^ARG RUST_VERSION=//p' docker/Dockerfile)-slim-$suite

is_there() { docker image inspect "$1" >/dev/null 2>&1; }

# A minimal system in $1, trimmed as the real image is.
debian_tree() {
    local mirror
    # shellcheck disable=SC2016
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' "Codename: $suite" | head -n 1)
    command -v debootstrap >/dev/null || apt-get install --yes --no-install-recommends debootstrap
    debootstrap --variant=minbase "$suite" "$1" ${mirror:+"$mirror"}

    rm -rf "$1"/var/lib/apt/lists/* "$1"/var/cache/apt/archives/*.deb
    rm -rf "$1"/usr/share/{doc,man,info,locale}/*
    printf 'path-exclude /usr/share/%s/*\n' doc man info locale > "$1/etc/dpkg/dpkg.cfg.d/docker"
    # Nothing of apt's stays in a layer.
    printf 'Dir::Cache::%s "";\n' pkgcache srcpkgcache > "$1/etc/apt/apt.conf.d/docker-clean"
    printf 'DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb || true"; };\n' >> "$1/etc/apt/apt.conf.d/docker-clean"
    # Services are not started while an image is built.
    printf '#!/bin/sh\nexit 101\n' > "$1/usr/sbin/policy-rc.d"
    chmod 755 "$1/usr/sbin/policy-rc.d"

    # Debian's own sources only: of others the stand-in lacks the keys.
    local sources=/etc/apt/sources.list.d/debian.sources
    if [ -f "$sources" ]; then
        rm -f "$1/etc/apt/sources.list"
        cp "$sources" "$1/etc/apt/sources.list.d/"
    else
        cp /etc/apt/sources.list "$1/etc/apt/"
    fi
    apt-config dump | grep -iE '^Acquire::(https?|ForceIPv4)\b' > "$1/etc/apt/apt.conf.d/90machine" || true
}

# The machine's toolchain in $1, laid out as in the real image; without rustup, which has nothing to choose from.
rust_tree() {
    local sysroot
    sysroot=$(rustc --print sysroot)
    mkdir -p "$1/usr/local/cargo" "$1/etc/machine"
    tar -C "$sysroot" -c bin/cargo bin/rustc lib | tar -C "$1/usr/local/cargo" -x
    cp -L "${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}" "$1/etc/machine/certificates.crt"
    local config=${CARGO_HOME:-$HOME/.cargo}/config.toml
    [ ! -f "$config" ] || cp "$config" "$1/usr/local/cargo/"
}

make_missing() {
    local tree
    ! is_there "$debian" || ! is_there "$rust" || return 0
    tree=$(mktemp -d)
    # shellcheck disable=SC2064
    trap "rm -rf '$tree'" EXIT
    chmod 755 "$tree"
    if ! is_there "$debian"; then
        debian_tree "$tree/debian" >&2
        tar -C "$tree/debian" -c . | docker import --change 'CMD ["bash"]' - "$debian" >&2
        echo "$debian"
    fi
    if ! is_there "$rust"; then
        rust_tree "$tree/rust" >&2
        # shellcheck disable=SC2016
        printf 'FROM %s\nCOPY . /\nENV PATH=/usr/local/cargo/bin:$PATH CARGO_HOME=/usr/local/cargo CARGO_HTTP_CAINFO=/etc/machine/certificates.crt\n' \
            "$debian" > "$tree/Dockerfile"
        docker build --quiet --tag "$rust" --file "$tree/Dockerfile" "$tree/rust" >&2
        echo "$rust"
    fi
}

# What was built on the stand-in begins with the layer that debootstrap made, which no other image has.
remove() {
    local layer='' id
    [[ " $* " != *" $debian "* ]] || layer=$(docker image inspect --format '{{index .RootFS.Layers 0}}' "$debian")
    docker image rm "$@" || true
    [ -n "$layer" ] || return 0
    for id in $(docker images --all --quiet --no-trunc); do
        # An image goes with its untagged parents, so it may be gone already.
        if [ "$(docker image inspect --format '{{index .RootFS.Layers 0}}' "$id" 2>/dev/null)" = "$layer" ]; then
            docker image rm --force "$id" || true
        fi
    done
}

case "${1:-}" in
    remove) shift; remove "$@" ;;
    make) make_missing ;;
    *) sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//p}' "$0" >&2; exit 2 ;;
esac
