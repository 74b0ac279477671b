// Package picturetest checks pictures in tests.
package picturetest

import (
	"bytes"
	"image/jpeg"
	"testing"
)

// LeftHalfMasked fails the test unless the JPEG's left half is black and its right half is not.
func LeftHalfMasked(t *testing.T, data []byte) {
	t.Helper()
	img, err := jpeg.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	b := img.Bounds()
	var left, right uint32
	for y := b.Min.Y; y < b.Max.Y; y += 4 {
		l, _, _, _ := img.At(b.Dx()/4, y).RGBA()
		r, _, _, _ := img.At(b.Dx()*3/4, y).RGBA()
		left, right = max(left, l>>8), max(right, r>>8)
	}
	if left > 16 || right < 64 {
		t.Errorf("%v: left half up to %d, right up to %d", b, left, right)
	}
}
