# find, tar, gzip, xz, zstd, bzip2: what is packed comes out again.
mkdir -p tree/{a,b}/{c,d}
for i in $(seq 60); do seq "$i" 7 9000 >"tree/$(printf '%s' a/c a/d b/c b/d | cut -c $((i % 4 * 3 + 1))-$((i % 4 * 3 + 3)))/file$i"; done
find tree -exec touch -h -d @1000000000 {} +
find tree -name 'file1*' | sort | head -n 3; find tree -type f -size +1k | wc -l; find tree -type d -empty; find tree -name 'file2?' -printf '%f %s %m\n' | sort | head -n 2
find tree -type f -print0 | sort -z | xargs -0 cat | sha256sum
pack() { tar --sort=name --owner=0 --group=0 --numeric-owner --format=ustar -cf - tree; }
pack | sha256sum; pack | tar -tvf - --numeric-owner | head -n 3; pack >plain.tar; stat -c %s plain.tar
for level in 1 6 9; do gzip -n -"$level" <plain.tar | sha256sum; done
gzip -nk plain.tar; gzip -t plain.tar.gz && zcat plain.tar.gz | cmp - plain.tar && echo gzip
for level in 0 6; do xz -T1 -"$level" <plain.tar | xz -dc | cmp - plain.tar && echo "xz $level"; done
xz -T1 -6 <plain.tar | sha256sum; xz -T2 --block-size=100000 -c plain.tar | xz -dc -T2 | cmp - plain.tar && echo "xz threads"
for level in 1 9 19; do zstd -q --single-thread -"$level" <plain.tar | zstd -dqc | cmp - plain.tar && echo "zstd $level"; done
zstd -q -T2 -3 plain.tar -o plain.zst && zstd -tq plain.zst && echo zstd
for level in 1 9; do bzip2 -"$level" <plain.tar | sha256sum; done; bzip2 -k plain.tar; bunzip2 -c plain.tar.bz2 | cmp - plain.tar && echo bzip2
mkdir out; for kind in gz bz2; do tar -xf "plain.tar.$kind" -C out; diff -r tree out/tree && echo "tar $kind"; rm -r out/tree; done
tar -I zstd -cf all.tzst tree && tar -I zstd -xf all.tzst -C out && diff -r tree out/tree && echo "tar zstd"
head -c 1000 plain.tar.gz | gzip -t 2>/dev/null; echo "cut $?"; printf garbage | xz -d 2>/dev/null; echo "garbage $?"
find out -depth -delete; ls | sort
