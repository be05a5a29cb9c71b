# Both sides of a fork, one after the other.
set pagination off
set confirm off
set width 0
set follow-fork-mode child
set detach-on-fork off
break child
break parent
continue
info threads
print n
continue
inferior 1
set follow-fork-mode parent
set detach-on-fork on
continue
print status
kill
