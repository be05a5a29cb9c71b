# The guest's processes as its own tools see them.
sh -c 'echo $PPID' | grep -q "^$$\$" && echo parent
ps -o comm= -p $$; ps -o args= -p $$ | sed 's/ .*//;s,.*/,,'; cat /proc/$$/comm; tr '\0' ' ' </proc/$$/cmdline | sed 's, .*,,;s,.*/,,'; echo
readlink /proc/$$/exe; readlink /proc/self/exe; bash -c 'readlink /proc/$$/exe'; (cd /usr && pwd && readlink /proc/self/cwd)
grep -c '^Threads:.1$' /proc/self/status; head -n 1 /proc/self/status; gawk "{ print \$2 }" /proc/self/stat
grep -q '\[stack\]' /proc/self/maps && echo stack; grep -q '/usr/bin/grep' /proc/self/maps && echo program; grep -q 'libc.so.6' /proc/self/maps && echo library; grep -qi -e transom -e qemu /proc/self/maps; echo "translator $?"
sleep 10 & pgrep -P $$ sleep | wc -l; kill %1; wait %1; echo "killed $?"
(ulimit -n 20; ulimit -n; exec 3</dev/null; ls /proc/self/fd | wc -l); (ulimit -c 0; ulimit -s 1024; ulimit -s; true | cat)
nohup true </dev/null >/dev/null 2>&1; echo "nohup $?"; env -i /usr/bin/env | wc -l; exec -a other bash -c 'echo "$0"'
