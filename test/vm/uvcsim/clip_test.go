package main

import (
	"bytes"
	"image"
	"image/jpeg"
	"strings"
	"testing"
)

// jpegOf encodes one frame; two shades give two different files.
func jpegOf(t *testing.T, width, height int, shade uint8) []byte {
	t.Helper()
	picture := image.NewGray(image.Rect(0, 0, width, height))
	for i := range picture.Pix {
		picture.Pix[i] = shade + uint8(i*i>>8)
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, picture, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestParseClip(t *testing.T) {
	frames := [][]byte{jpegOf(t, 64, 48, 0), jpegOf(t, 64, 48, 9), jpegOf(t, 64, 48, 77)}
	c, err := parseClip(bytes.Join(frames, nil))
	if err != nil {
		t.Fatal(err)
	}
	if c.width != 64 || c.height != 48 || len(c.frames) != len(frames) {
		t.Fatalf("%d frames of %dx%d, want 3 of 64x48", len(c.frames), c.width, c.height)
	}
	for i := range frames {
		if !bytes.Equal(c.frames[i], frames[i]) {
			t.Errorf("frame %d differs from the one written", i)
		}
	}
}

func TestParseClipRefuses(t *testing.T) {
	whole := jpegOf(t, 64, 48, 0)
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"empty":       {nil, "no frames"},
		"other file":  {[]byte("RIFF....AVI "), "frame 0: no JPEG"},
		"trailer":     {append(bytes.Clone(whole), 0), "frame 1: no JPEG"},
		"cut":         {whole[:len(whole)-2], "without EOI"},
		"header only": {whole[:20], "without picture data"},
		"two sizes":   {append(bytes.Clone(whole), jpegOf(t, 32, 48, 0)...), "frame 1 is 32x48"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := parseClip(c.data); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
}
