// Package cloop is what the benchmarks of package pixel measure against: the same library calls in a loop that never
// leaves C. Nothing but those benchmarks imports it.
package cloop

/*
#cgo CFLAGS: -O2
#cgo LDFLAGS: -l:libturbojpeg.a -l:libyuv.a -lm
#include <libyuv/convert_argb.h>
#include <libyuv/convert_from_argb.h>
#include <libyuv/scale.h>
#include <stdlib.h>
#include <turbojpeg.h>

// Decodes a JPEG n times to w x h planes (4:2:0 or 4:2:2) and scales their centre square to side x side RGB.
static int loop(int n, const unsigned char *src, unsigned long size, int w, int h, int side, unsigned char *rgb) {
  int jw, jh, ss, cs, failed = 0;
  tjhandle t = tjInitDecompress();
  unsigned char *room = malloc(3 * (size_t)w * h + 7 * (size_t)side * side);
  for (int i = 0; i < n && !failed; i++) {
    failed = tjDecompressHeader3(t, src, size, &jw, &jh, &ss, &cs);
    int hs = tjMCUWidth[ss] / 8, vs = tjMCUHeight[ss] / 8, cw = w / hs, ch = h / vs, x = (w - h) / 2;
    unsigned char *in[3] = {room, room + w * h, room + w * h + cw * ch}, *out = room + 3 * w * h;
    int stride[3] = {w, cw, cw}, a = side * side;
    failed |= tjDecompressToYUVPlanes(t, src, size, in, w, stride, h, 0);
    ScalePlane(in[0] + x, w, h, h, out, side, side, side, kFilterBox);
    ScalePlane(in[1] + x / hs, cw, h / hs, ch, out + a, side, side, side, kFilterBox);
    ScalePlane(in[2] + x / hs, cw, h / hs, ch, out + 2 * a, side, side, side, kFilterBox);
    I444ToARGBMatrix(out, side, out + 2 * a, side, out + a, side, out + 3 * a, 4 * side, &kYvuJPEGConstants, side, side);
    ARGBToRGB24(out + 3 * a, 4 * side, rgb, 3 * side, side, side);
  }
  free(room);
  tjDestroy(t);
  return failed;
}
*/
import "C"

import (
	"errors"
	"unsafe"
)

// JPEG decodes src n times within one cgo call: to w x h by the inverse DCT, then the centre square into rgb, [side,side,3].
// w and h must be a size that libjpeg can scale src to, w >= h, both even.
func JPEG(n int, src []byte, w, h, side int, rgb []byte) error {
	if len(src) == 0 || len(rgb) < 3*side*side {
		return errors.New("cloop: short buffer")
	}
	if C.loop(C.int(n), (*C.uchar)(unsafe.SliceData(src)), C.ulong(len(src)), C.int(w), C.int(h), C.int(side),
		(*C.uchar)(unsafe.SliceData(rgb))) != 0 {
		return errors.New("cloop: decode failed")
	}
	return nil
}
