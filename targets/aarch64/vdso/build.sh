#!/bin/sh
# Builds vdso.so, which is committed, so that building the crate needs no foreign compiler.
# Needs Debian's gcc-aarch64-linux-gnu.
set -eu
cd "$(dirname "$0")"
aarch64-linux-gnu-gcc -nostdlib -shared -Wl,--build-id=none -Wl,-soname=linux-vdso.so.1 -Wl,--hash-style=both \
	-Wl,--eh-frame-hdr -Wl,-z,max-page-size=4096 -Wl,-T,vdso.lds -o vdso.so vdso.S
aarch64-linux-gnu-strip --strip-all -R .comment vdso.so
