# grep, sed, gawk on generated text.
gawk 'BEGIN { srand(1); s = 12345; for (i = 0; i < 3000; i++) { s = (s * 1103515245 + 12345) % 2147483648; printf "%d user%d %s %.3f\n", i, s % 50, (s % 7 ? "ok" : "failed"), s / 2147483648 } }' >log
grep -c failed log; grep -E '^[0-9]+ user(7|42) ' log | wc -l; grep -v ok log | tail -n 2; grep -o 'user[0-9]*' log | sort | uniq -c | sort -k1,1nr -k2 | head -n 3
grep -P '^(\d)\d*\1 user1\b' log | head -n 2; grep -n -m 2 -B 1 -A 1 'user13 ' log; grep -F -f <(printf 'user1 \nuser2 \n') log | cksum
sed -n '10,12p;$p' log; sed -E 's/user([0-9]+) (ok|failed)/\2:\1/;s/0\.//' log | head -n 2; sed '/ok/d' log | cksum; sed 'N;s/\n/+/' log | head -n 1
sed -e '1~500!d' -e 'y/abc/ABC/' log | head -n 4; sed -i 's/failed/broken/w changed' log; wc -l <changed
gawk '{ sum[$2] += $4; n[$2]++ } END { PROCINFO["sorted_in"] = "@ind_str_asc"; for (u in sum) if (n[u] > 65) printf "%s %d %.4f\n", u, n[u], sum[u] / n[u] }' log
gawk 'function fact(n) { return n < 2 ? 1 : n * fact(n - 1) } BEGIN { print fact(15), sin(1), exp(1), sqrt(2), int(-3.7), 2 ** 0.5, 1e300 * 1e10; print length("héllo"), toupper("abc"), substr("hello", 2, 3), index("hello", "l") }'
gawk 'match($0, /user([0-9]+)/, m) { c[m[1]]++ } END { n = asorti(c, k, "@ind_num_asc"); for (i = 1; i <= 3; i++) print k[i], c[k[i]] }' log
gawk -F' ' -v OFS=, '{ $1 = $1; print }' log | head -n 2; gawk 'BEGIN { while (("echo a; echo b" | getline line) > 0) print "got " line; close("x"); print strftime("%Y-%m-%d", 86400 * 365, 1) }'
gawk 'BEGIN { printf "%x %o %c %5.2e|%-6s|%+d|%s\n", 255, 8, 65, 12345.678, "ab", 5, 0.1 + 0.2; print and(12, 10), xor(12, 10), lshift(1, 20), compl(0) }'
