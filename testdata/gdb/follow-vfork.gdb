# The child of a vfork, into the program that it executes; the parent is left alone.
set pagination off
set confirm off
set width 0
catch vfork
continue
print in_parent
delete
set follow-fork-mode child
break executed
continue
backtrace
# gdb 16 hangs as it quits while a process that it has left has files on a target that is gone.
remove-inferiors 1
continue
