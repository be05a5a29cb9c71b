# The program sleeps when it is interrupted; then it is left alone.
set pagination off
set confirm off
set width 0
continue
backtrace
info threads
print counter
detach
