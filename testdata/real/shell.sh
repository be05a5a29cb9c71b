# bash: pipes, loops, substitution, here-documents, arrays, traps, jobs, statuses; the machine that children see.
uname -m
echo "$(uname -s) on $(echo "$(uname -m)")"
for i in 1 2 3; do echo "line $i"; done | while read -r word number; do echo "$number:$word"; done
total=0; for ((i = 0; i < 1000; i++)); do ((total += i * i)); done; echo "$total"
cat <<END | sed 's/^/> /'
here $((6 * 7))
document
END
declare -A map=([one]=1 [two]=2 [three]=3)
for key in $(printf '%s\n' "${!map[@]}" | sort); do echo "$key=${map[$key]}"; done
list=(a b c d); echo "${#list[@]} ${list[@]:1:2} ${list[-1]}"
text="The quick brown fox"; echo "${text,,} ${text//o/0} ${text#* } ${#text}"
(exit 7); echo "status $?"
false | true; echo "pipe ${PIPESTATUS[*]}"
(trap 'echo trapped' EXIT; echo in a subshell)
bash -c 'kill -TERM $$'; echo "killed $?"
bash -c 'trap "echo handler; exit 3" USR1; kill -USR1 $$; sleep 5'; echo "handled $?"
sleep 0.1 & job=$!; wait "$job"; echo "waited $?"
for i in 1 2 3 4; do (sleep "0.0$i"; echo "$i" >"job$i") & done; wait; cat job1 job2 job3 job4 | tr '\n' ' '; echo
nonexistent-command 2>/dev/null; echo "missing $?"
./nonexistent 2>/dev/null; echo "missing $?"
printf '#!/bin/sh\necho "script $0 $*"\n' >script; chmod +x script; ./script one two
diff <(printf 'a\nb\n') <(printf 'a\nc\n'); echo "diff $?"
read -r -t 1 -n 3 chars <<<"abcdef"; echo "$chars"
echo {1..5} {a..c}{x,y} $((0xff)) $((2#1011)) $'tab\tend'
fib() { if (($1 < 2)); then echo "$1"; else echo $(($(fib $(($1 - 1))) + $(fib $(($1 - 2))))); fi; }; fib 8
exec 5>file; echo through five >&5; exec 5>&-; cat file
[[ abc123 =~ ([a-z]+)([0-9]+) ]] && echo "${BASH_REMATCH[2]}${BASH_REMATCH[1]}"
case $(uname -m) in x86_64 | aarch64 | riscv64) echo known ;; esac
