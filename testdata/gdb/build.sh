#!/usr/bin/env bash
# Rebuild bin/ with the cross compilers of Debian 12: apt-get install gcc-aarch64-linux-gnu gcc-riscv64-linux-gnu
set -euo pipefail
cd "$(dirname "$0")"
for guest in aarch64 riscv64; do
  mkdir -p "bin/$guest"
  flags=(-g -O0 -Wall -fdebug-prefix-map="$PWD"=. -fno-ident)
  "$guest-linux-gnu-gcc" "${flags[@]}" -shared -fpic -o "bin/$guest/libarea.so" area.c
  # shellcheck disable=SC2016
  "$guest-linux-gnu-gcc" "${flags[@]}" -o "bin/$guest/threads" threads.c -L"bin/$guest" -larea -Wl,-rpath,'$ORIGIN'
  "$guest-linux-gnu-gcc" "${flags[@]}" -o "bin/$guest/forks" forks.c
done
du -sh bin | cut -f1 >&2
