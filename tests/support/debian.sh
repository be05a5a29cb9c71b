# For tests/chroot, tests/containers and tests/docker: roots of another machine, and namespaces in which the kernel runs its programs
# through transom. To be sourced.

# unpack_debian PACKAGES ROOT <NAMES: the packages of those files, which `tests/fetch debian` fetched, unpacked from outside, as the
# first stage of debootstrap does.
unpack_debian() {
  local packages=$1 root=$2 dir deb
  chmod 755 "$root"
  mkdir -p "$root"/usr/{bin,sbin,lib} "$root"/{proc,dev,sys,tmp,etc,var}
  for dir in bin sbin lib; do ln -s "usr/$dir" "$root/$dir"; done
  while read -r deb; do
    dpkg-deb --fsys-tarfile "$packages/archives/$deb" | tar -x --keep-directory-symlink -C "$root"
  done
}

# base_tar SYSROOTS ARCH WORK: WORK/ARCH.tar, an image's base layer: a shell, coreutils and perl, which is copied quickly.
base_tar() {
  local packages=$1/debian-$2 root=$3/$2
  local wanted='^(base-files|bash|coreutils|dash|libacl1|libattr1|libc6|libcrypt1|libgcc-s1|libgmp10|libpcre2-8-0|libselinux1|libssl3t64|libtinfo6|libzstd1|perl-base|zlib1g)_'
  [[ -s $packages/list ]] || { echo "${0##*/}: no packages: run tests/fetch debian" >&2; exit 1; }
  mkdir "$root"
  grep -E "$wanted" "$packages/list" | unpack_debian "$packages" "$root"
  rm -rf "$root"/usr/share/{doc,locale,man}
  tar -C "$root" -cf "$root.tar" .
}

# in_namespaces FIFO SCRIPT ARGUMENT...: runs a script of bash's as root of a user namespace with a binfmt_misc of its own
# (Linux 6.7), a mount namespace and a process namespace: the machine stays as it is. All users are those outside, so that
# files may belong to any of them. Their maps are written from outside, and the program that is executed after that has
# its rights.
in_namespaces() {
  local go=$1 pid
  shift
  mkfifo "$go"
  # shellcheck disable=SC2016
  unshare --user /bin/bash -ec '
    read -r _ <"$1"
    shift
    exec unshare --mount --pid --fork --kill-child bash -ec "
      mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc
      $1" "$@"' - "$go" "$@" &
  pid=$!
  until [[ $(readlink "/proc/$pid/ns/user") != "$(readlink /proc/self/ns/user)" ]]; do sleep 0.01; done
  echo 0 0 65536 >"/proc/$pid/uid_map"
  echo 0 0 65536 >"/proc/$pid/gid_map"
  echo >"$go"
  wait "$pid"
}
