/* What the debugger's tests follow: a fork, a vfork, a program that is executed. */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int in_parent;
int in_child;

void parent(int status) {
    in_parent = status;
}

void child(int n) {
    in_child = n;
}

void executed(void) {
    puts("executed");
}

int main(int argc, char **argv) {
    if (argc > 1 && !strcmp(argv[1], "again")) {
        executed();
        return 4;
    }
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        child(1);
        return 3;
    }
    waitpid(pid, &status, 0);
    parent(WEXITSTATUS(status));
    pid = vfork();
    if (pid == 0) {
        execl(argv[0], argv[0], "again", NULL);
        _exit(1);
    }
    waitpid(pid, &status, 0);
    parent(WEXITSTATUS(status));
    execl(argv[0], argv[0], "again", NULL);
    return 1;
}
