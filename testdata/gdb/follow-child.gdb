# The child of a fork; the parent is left alone.
set pagination off
set confirm off
set width 0
set follow-fork-mode child
break child
continue
backtrace
watch in_child
continue
continue
