# A session in which everything is used once; each line of session.out must come out in this order.
set pagination off
set confirm off
set width 0
set breakpoint pending on
break area
continue
backtrace
printf "width %d height %d\n", width, height
info threads
next
print product
set variable product = 50
finish
watch weight
continue
print counter
delete
stepi
# The handler, through the signal.
break on_usr1
continue
info signals SIGUSR1
continue
delete
break work
continue
thread apply all backtrace 1
continue
delete
break printf
continue
print counter
call area(3, 4)
up
print weight
delete
info sharedlibrary
monitor help
continue
