#!/usr/bin/env bash
# Rebuild the guest programs in bin/ and the expected outputs, with the cross compilers of Debian 12:
#
#   apt-get install gcc gcc-aarch64-linux-gnu gcc-riscv64-linux-gnu llvm && tests/fetch musl
#   testdata/programs/build.sh [NAME...]
#
# The head of each source says how; every line is optional:
#
#   // libc: musl glibc       builds NAME against musl (the default) and NAME.glibc against glibc; none: no
#                             library and no start file; dynamic: an ELF with an interpreter
#   // guests: aarch64        only for this guest
#   // flags: -O3             added to the compiler's
#   // flags-riscv64: ...     added for one guest
#   // native: no             not portable: NAME.out, or NAME.GUEST.out, is kept by hand
#   // args: ... env: ... exit: ... signal: ... tests: ...   see tests/programs.rs
#
# For a portable program NAME.out is what its native x86-64 build prints.
set -euo pipefail
cd "$(dirname "$0")"
roots=${TRANSOM_SYSROOTS:-$PWD/../../target/test-sysroots}
common=(-Os -g0 -Wall -Wextra -Werror -Wno-parentheses -fno-asynchronous-unwind-tables -fno-ident -Wl,--build-id=none)

# head NAME KEY: the value of a key in a source's head.
head_of() { sed -n "s,^// $2: *,,p" "$1" | head -n 1; }

# musl GUEST: what makes a GNU cross compiler use that guest's musl.
musl() {
  local include=$roots/musl-${1/aarch64/arm64}/usr/include/$1-linux-musl
  echo "-nostdinc -isystem $include -isystem $("$1-linux-gnu-gcc" -print-file-name=include) -nostdlib $libs/$1/crti.o"
}

# The objects of the newer release have RISC-V attributes and relocations that the tools of Debian 12 die of: copies
# without what holds them.
libs=$(mktemp -d)
trap 'rm -r "$libs"' EXIT
for guest in aarch64 riscv64; do
  lib=$roots/musl-${guest/aarch64/arm64}/usr/lib/$guest-linux-musl
  [[ -d $lib ]] || { echo "build.sh: no musl in $lib; run tests/fetch musl" >&2; exit 1; }
  mkdir "$libs/$guest"
  for file in libc.a crt1.o rcrt1.o crti.o crtn.o; do
    llvm-objcopy --strip-debug -R .riscv.attributes "$lib/$file" "$libs/$guest/$file"
  done
done

# build SOURCE NAME GUEST LIBC
build() {
  local source=$1 out=bin/$3/$2 guest=$3 lib=$libs/$3 flags start=crt1.o link=-static
  read -ra flags <<<"$(head_of "$source" flags) $(head_of "$source" "flags-$guest")"
  [[ " ${flags[*]} " == *" -static-pie "* ]] && start=rcrt1.o link=
  mkdir -p "bin/$guest"
  case $4 in
  musl)
    local musl
    read -ra musl <<<"$(musl "$guest")"
    "$guest-linux-gnu-gcc" "${common[@]}" $link "${musl[@]}" "${flags[@]}" -Wl,-z,max-page-size=4096 \
      "$lib/$start" "$source" -o "$out" -Wl,--start-group "$lib/libc.a" -latomic -lgcc -lgcc_eh -Wl,--end-group "$lib/crtn.o" ;;
  glibc) "$guest-linux-gnu-gcc" "${common[@]}" $link "${flags[@]}" "$source" -o "$out" -lm -latomic ;;
  none) "$guest-linux-gnu-gcc" "${common[@]}" -static -nostdlib "${flags[@]}" "$source" -o "$out" ;;
  dynamic) "$guest-linux-gnu-gcc" "${common[@]}" "${flags[@]}" "$source" -o "$out" ;;
  *) echo "build.sh: $source: no such libc: $4" >&2; exit 1 ;;
  esac
  "$guest-linux-gnu-strip" "$out"
}

# expect SOURCE NAME: NAME.out from the native build.
expect() {
  local native flags args env
  native=$(mktemp -d)
  read -ra flags <<<"$(head_of "$1" flags)"
  [[ $(head_of "$1" libc) == none ]] && flags+=(-nostdlib)
  [[ " ${flags[*]} " == *" -static"* ]] || flags+=(-static)
  gcc "${common[@]}" "${flags[@]}" "$1" -o "$native/$2" -lm
  eval "args=($(head_of "$1" args)) env=($(head_of "$1" env))"
  # proc.c counts descriptors: only the three standard ones are handed on.
  (cd "$native" && for fd in /proc/"$BASHPID"/fd/*; do ((${fd##*/} > 2 && ${fd##*/} != 255)) && eval "exec ${fd##*/}>&-"; done
    env -i PATH=/usr/bin:/bin "${env[@]}" "./$2" "${args[@]}" 2>/dev/null) >"$2.out" || true
  rm -r "$native"
}

sources=()
for name in "$@"; do sources+=("$name".[cS]); done
((${#sources[@]})) || sources=(*.c *.S)
shopt -s nullglob
for source in "${sources[@]}"; do
  [[ -e $source ]] || continue
  name=${source%.*}
  guests=$(head_of "$source" guests)
  libcs=$(head_of "$source" libc)
  for guest in ${guests:-aarch64 riscv64}; do
    for libc in ${libcs:-musl}; do
      suffix=
      [[ $libc == glibc ]] && suffix=.glibc
      build "$source" "$name$suffix" "$guest" "$libc"
    done
  done
  [[ $(head_of "$source" native) == no || $(head_of "$source" tests) == none ]] || expect "$source" "$name"
done
du -sh bin | cut -f1 >&2
