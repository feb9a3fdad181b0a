#define _GNU_SOURCE
#include "CSessionBench.h"

#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

int csb_in_child(int64_t (*body)(void *), void *context, int64_t *result) {
  int ends[2];
  if (pipe(ends)) return -1;
  pid_t child = fork();
  if (child < 0) {
    close(ends[0]);
    close(ends[1]);
    return -1;
  }
  if (child == 0) {
    int64_t value = body(context);
    ssize_t written = write(ends[1], &value, sizeof value);
    _exit(written == (ssize_t)sizeof value ? 0 : 1);
  }
  close(ends[1]);
  ssize_t count = read(ends[0], result, sizeof *result);
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  return count == (ssize_t)sizeof *result && status == 0 ? 0 : -1;
}
