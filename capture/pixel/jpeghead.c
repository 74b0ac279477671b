#include <string.h>

#include "encode.h"
#include "internal.h"

static unsigned be16(const uint8_t *p) { return (unsigned)p[0] << 8 | p[1]; }

// jfif reads the shape of a pixel out of an APP0 segment. Without a unit the two numbers are the shape itself, as libjpeg and ffmpeg
// write it; with a unit they are pixels for the same length. Cameras write nonsense here, too: no camera has pixels of more than
// four times their width.
static void jfif(const uint8_t *data, size_t size, struct jpeg_head *head) {
  if (size < 12 || memcmp(data, "JFIF", 5)) return;
  unsigned across = be16(data + 8), down = be16(data + 10);
  if (!across || !down || across > 4 * down || down > 4 * across) return;
  int unit = data[7];
  head->pixel_width = (int)(unit ? down : across);
  head->pixel_height = (int)(unit ? across : down);
}

static unsigned exif16(const uint8_t *p, int big) { return big ? be16(p) : (unsigned)p[1] << 8 | p[0]; }

static uint32_t exif32(const uint8_t *p, int big) {
  return big ? (uint32_t)exif16(p, 1) << 16 | exif16(p + 2, 1) : (uint32_t)exif16(p + 2, 0) << 16 | exif16(p, 0);
}

// exif reads the orientation out of an APP1 segment: a TIFF header, then a directory of entries of 12 bytes.
static void exif(const uint8_t *data, size_t size, struct jpeg_head *head) {
  if (size < 14 || memcmp(data, "Exif\0", 6)) return;
  data += 6;
  size -= 6;
  int big = data[0] == 'M';
  size_t at = exif32(data + 4, big);
  if (at > size || size - at < 2) return;
  unsigned entries = exif16(data + at, big);
  for (at += 2; entries > 0 && at <= size && size - at >= 12; entries--, at += 12) {
    if (exif16(data + at, big) != 0x0112) continue;
    unsigned value = exif16(data + at + 8, big);
    if (value >= 1 && value <= 8) head->orientation = (int)value;
    return;
  }
}

struct jpeg_head pixel_jpeg_head(const uint8_t *src, size_t size) {
  struct jpeg_head head = {.scans = 1};  // until its first scan says that it has one
  int progressive = 1, components = 0;
  for (size_t at = 2; at + 9 < size && src[at] == 0xff;) {
    uint8_t marker = src[at + 1];
    if (marker == 0xff) {
      at++;
      continue;
    }
    if (marker == 0xda) {
      head.scans = progressive || src[at + 4] != components;
      break;
    }
    size_t length = be16(src + at + 2), inside = length < 2 || length + 2 > size - at ? 0 : length - 2;
    if (marker == 0xc4) {
      head.tables = 1;
    } else if (marker >= 0xc0 && marker <= 0xcf && marker != 0xcc) {
      progressive = marker == 0xc2 || marker == 0xca;
      components = src[at + 9];
    } else if (marker == 0xe0) {
      jfif(src + at + 4, inside, &head);
    } else if (marker == 0xe1) {
      exif(src + at + 4, inside, &head);
    } else if (marker < 0xdb && marker != 0xcc) {
      break;  // a marker without a length, or one that does not belong here
    }
    at += 2 + length;
  }
  return head;
}

int pixel_jpeg_format(const uint8_t *src, size_t size, struct pixel_format *format) {
  if (!pixel_jpeg_size(src, size, &format->width, &format->height)) return 0;
  struct jpeg_head head = pixel_jpeg_head(src, size);
  if (!format->pixel_width || !format->pixel_height) {
    format->pixel_width = head.pixel_width;
    format->pixel_height = head.pixel_height;
  }
  if (!format->orientation) format->orientation = head.orientation;
  return 1;
}
