# The parent of a fork, and through execve; each line of follow-parent.out must come out in this order.
set pagination off
set confirm off
set width 0
catch fork
break parent
break child
break executed
continue
continue
print status
continue
catch exec
continue
continue
backtrace
continue
