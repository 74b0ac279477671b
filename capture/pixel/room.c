#include <stdlib.h>

#include "internal.h"

#ifndef PIXEL_GUARDED

static uint8_t *take(size_t size) { return malloc(size); }
static void give(struct room *room) { free(room->data); }

#else  // make test-asan

#include <sys/mman.h>
#include <unistd.h>

// AddressSanitizer cannot check the libraries, which were compiled without it. So each block of memory here ends at a page that
// nobody may touch.
static size_t pages(size_t size) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  return (size + page - 1) / page * page;
}

static size_t aligned(size_t size) { return (size + 3) & ~(size_t)3; }

static uint8_t *take(size_t size) {
  size_t whole = pages(aligned(size));
  uint8_t *at = mmap(NULL, whole + pages(1), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (at == MAP_FAILED) return NULL;
  if (mprotect(at + whole, pages(1), PROT_NONE)) abort();
  return at + whole - aligned(size);
}

static void give(struct room *room) {
  size_t whole = pages(aligned(room->size));
  if (room->data && munmap(room->data + aligned(room->size) - whole, whole + pages(1))) abort();
}

#endif

int pixel_reserve(struct pixel_decoder *d, struct room *room, size_t size) {
  if (size <= room->size) return PIXEL_OK;
  pixel_release(room);
  room->data = take(size);
  room->size = room->data ? size : 0;
  return room->data ? PIXEL_OK : pixel_fail(d, PIXEL_FAILED, "no memory for a picture of %zu bytes", size);
}

void pixel_release(struct room *room) {
  give(room);
  *room = (struct room){0};
}
