#!/bin/sh
# rootfs.sh BINARY FOLDER: all that the product needs to run, and nothing else: the binary, the libraries that it is linked
# to, the certificates of public authorities, a user without rights. No shell, no package manager. The image is this folder.
set -eu

[ $# -eq 2 ] || { echo 'usage: rootfs.sh BINARY FOLDER' >&2; exit 1; }
binary=$1 root=$2
certificates=/etc/ssl/certs/ca-certificates.crt
[ -f "$certificates" ] || { echo 'rootfs: install ca-certificates first' >&2; exit 1; }

install -D -m 0755 "$binary" "$root/usr/local/bin/namaskah"
# "libm.so.6 => /lib/…/libm.so.6 (0x…)" and "/lib64/ld-linux-x86-64.so.2 (0x…)"
ldd "$binary" | awk '$2 == "=>" { print $3 } $1 ~ /^\// { print $1 }' | while read -r library; do
  install -D -m 0755 "$(readlink -f "$library")" "$root$library"
done
install -D -m 0644 "$certificates" "$root$certificates"
install -d -m 0755 "$root/etc"
echo 'namaskah:x:65532:65532::/var/lib/namaskah:/nonexistent' >"$root/etc/passwd"
echo 'namaskah:x:65532:' >"$root/etc/group"
echo 'hosts: files dns' >"$root/etc/nsswitch.conf"
# The embedded database, and keys that are made outside live mode.
install -d -m 0700 "$root/var/lib/namaskah"
[ "$(id -u)" != 0 ] || chown 65532:65532 "$root/var/lib/namaskah"
install -d -m 1777 "$root/tmp"
