package main

import (
	"bytes"
	"testing"
)

// pictureWith has a spot of three by three pixels at that place of a grey picture.
func pictureWith(width, height, x, y int) []byte {
	p := bytes.Repeat([]byte{100}, width*height*3)
	for dy := range 3 {
		for dx := range 3 {
			at := ((y+dy)*width + x + dx) * 3
			p[at], p[at+1], p[at+2] = 200, 150, 50
		}
	}
	return p
}

// whereIs returns the middle of what differs from the picture's corner.
func whereIs(p []byte, width int) (x, y float64) {
	n := 0.0
	for i := 0; i < len(p); i += 3 {
		if !bytes.Equal(p[i:i+3], p[:3]) {
			x, y, n = x+float64(i/3%width), y+float64(i/3/width), n+1
		}
	}
	return x / n, y / n
}

func TestCopiesShowTheSameElsewhere(t *testing.T) {
	const width, height = 40, 20
	p := pictures{width: width, height: height, frames: [][]byte{pictureWith(width, height, 10, 8), pictureWith(width, height, 14, 8)}}
	before := bytes.Clone(p.frames[0])
	plain, all := copiesOfPictures(p, false), copiesOfPictures(p, true)
	if len(plain) != len(changes) || len(all) != 2*len(changes)+1 {
		t.Fatalf("%d copies, %d with the mirrored ones", len(plain), len(all))
	}
	for i, c := range all {
		if len(c.frames) != 2 || len(c.frames[0]) != len(before) || c.width != width || c.height != height {
			t.Fatalf("copy %d has another size", i)
		}
		if bytes.Equal(c.frames[0], before) {
			t.Errorf("copy %d is no other picture", i)
		}
		x0, _ := whereIs(c.frames[0], width)
		x1, _ := whereIs(c.frames[1], width)
		if toRight := x1 > x0; toRight != (i < len(changes)) {
			t.Errorf("copy %d moves from %.1f to %.1f", i, x0, x1)
		}
	}
	if !bytes.Equal(p.frames[0], before) {
		t.Error("the pictures themselves were changed")
	}
	if x, y := whereIs(plain[0].frames[0], width); x < 13 || x > 15 || y != 9 {
		t.Errorf("moved to the right: (%.1f, %.1f), expected about (14, 9)", x, y)
	}
	if darker, lighter := plain[6].frames[0][0], plain[7].frames[0][0]; darker != 65 || lighter != 140 {
		t.Errorf("a grey of 100 becomes %d and %d, expected 65 and 140", darker, lighter)
	}
}
