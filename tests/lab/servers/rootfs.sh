#!/bin/sh
# rootfs.sh FOLDER PROGRAM[:DESTINATION]... : a root file system of busybox and these programs, each
# with the shared libraries it needs.
set -eu
root=$1
shift
for folder in bin tmp etc dev proc sys run usr/bin usr/local/bin; do mkdir -p "$root/$folder"; done
chmod 1777 "$root/tmp"
cp "$(command -v busybox)" "$root/bin/busybox"
for applet in $("$root/bin/busybox" --list); do
  [ "$applet" = busybox ] || ln -sf busybox "$root/bin/$applet"
done
ln -sf /bin/busybox "$root/usr/bin/env"  # for `#!/usr/bin/env node`
printf '%s\n' root:x:0:0::/:/bin/sh k6:x:12345:12345::/home/k6:/bin/sh nobody:x:65534:65534::/: >"$root/etc/passwd"
printf '%s\n' root:x:0: k6:x:12345: nogroup:x:65534: >"$root/etc/group"

libraries() {  # of the programs and shared objects named on standard input
  while read -r file; do ldd "$file" 2>/dev/null || :; done |
    awk '$3 ~ /^\// { print $3 } $1 ~ /^\/.*ld-/ { print $1 }' | sort -u
}
for given in "$@"; do
  source=${given%%:*} target=${given#*:}
  [ "$target" != "$given" ] || target=usr/local/bin/$(basename "$source")
  mkdir -p "$root/$(dirname "$target")"
  cp -L "$source" "$root/$target"
done
{
  for given in "$@"; do echo "${given%%:*}"; done
  find "$root" -name '*.so*' -type f
} | libraries | while read -r library; do
  mkdir -p "$root$(dirname "$library")"
  [ -e "$root$library" ] || cp -L "$library" "$root$library"
done
