// Counts the bytes that are allocated, through the hooks of the sanitizer's allocator.
#include <stddef.h>
#include <sys/types.h>

int __sanitizer_install_malloc_and_free_hooks(
    void (*allocated)(const volatile void *, size_t), void (*freed)(const volatile void *));
size_t __sanitizer_get_allocated_size(const volatile void *);

// Relative to the last reset: what was allocated before and is freed later counts below zero.
static ssize_t live, peak;

static void allocated(const volatile void *pointer, size_t size) {
  (void)pointer;
  live += (ssize_t)size;
  if (live > peak) peak = live;
}

static void freed(const volatile void *pointer) {
  if (pointer) live -= (ssize_t)__sanitizer_get_allocated_size(pointer);
}

__attribute__((constructor)) static void install(void) {
  __sanitizer_install_malloc_and_free_hooks(allocated, freed);
}

void allocation_reset_peak(void) { live = peak = 0; }

ptrdiff_t allocation_peak(void) { return peak; }
