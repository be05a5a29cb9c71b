# coreutils: listing, copying, sums, sorting, formatting, time limits.
mkdir -p tree/a/b tree/c
seq 1 1000 >tree/a/numbers; echo hello >tree/c/hello; : >tree/empty; ln -s a/numbers tree/link; ln tree/c/hello tree/a/b/hard
chmod 640 tree/empty; chmod 750 tree/c; touch -h -d @1000000000 tree/a/numbers tree/c/hello tree/empty tree/link
touch -d @1100000000 tree/a/b tree/a tree/c tree
list() { (cd "$1" && TZ=UTC ls -lRgo --time-style=long-iso | grep -v ^total); }
list tree
cp -a tree copy; list copy | cksum; list tree | cksum
stat -c '%A %s %h %F %Y' tree/link tree/c/hello tree
sha256sum tree/a/numbers tree/c/hello; md5sum tree/a/numbers; sha1sum tree/a/numbers; sha512sum tree/c/hello; b2sum tree/c/hello; cksum tree/a/numbers
sort -rn tree/a/numbers | head -n 3; sort -R --random-source=tree/a/numbers tree/a/numbers | tail -n 3; sort -t, -k2,2n -k1,1 <<<$'b,2\na,2\nc,1'
seq 100 | shuf --random-source=tree/a/numbers | sort -n --parallel=2 | uniq -c | wc
timeout 0.2 sleep 5; echo "timeout $?"; timeout 5 true; echo "timeout $?"; timeout -s KILL 0.2 sleep 5; echo "timeout $?"
cut -d: -f2 <<<a:b:c; tr a-c A-C <<<abcd; printf 'x\ny\n' | paste - -; join <(printf '1 a\n2 b\n') <(printf '1 x\n2 y\n'); comm -12 <(seq 1 5) <(seq 3 8)
head -c 40 tree/a/numbers | od -An -tx1z; base64 <tree/c/hello; base32 <tree/c/hello; echo aGVsbG8= | base64 -d; echo
factor 1234567890 18446744073709551557; expr 6 '*' 7; numfmt --to=iec 123456789; seq -f %.3f 0 0.25 1
date -u -d @1234567890 '+%F %T %j %a'; TZ=Europe/Berlin date -d '2001-02-03 04:05' +%s >/dev/null
dd if=tree/a/numbers of=part bs=7 skip=3 count=5 status=none; cat part; echo
fold -w 20 <<<"a line that is longer than twenty columns"; fmt -w 30 <<<"some words to be filled into lines of thirty"; nl <<<$'x\ny'
split -n 3 tree/a/numbers piece; cat piece?? | cmp - tree/a/numbers && echo same; tac tree/a/numbers | head -n 2; tail -c 8 tree/a/numbers
mktemp -d xXXXX | wc -c; readlink -f tree/link | sed "s,$PWD,,"; realpath --relative-to=tree tree/a/b; basename /x/y.c .c; dirname /x/y
truncate -s 5000 sparse; wc -c sparse; rm sparse; mv part moved; test -e moved && echo moved; install -m 755 moved installed; stat -c %a installed
seq 5 | tee teed | xargs -n 2 echo; cat teed | wc -l; env -i A=1 printenv; nice true; echo $?; yes | head -n 2
rm -r copy; ls copy 2>&1 | sed 's/.*: //'; mkdir copy/x 2>/dev/null; echo $?
