package pixel

import (
	"bytes"
	"testing"
)

func TestEncoderGivesTheSameBytesAgainAndAllocatesNothing(t *testing.T) {
	rgb := make([]byte, 3*64*48)
	for i := range rgb {
		rgb[i] = byte(i * 7)
	}
	once, err := EncodeJPEG(rgb, 64, 48, 80)
	if err != nil {
		t.Fatal(err)
	}
	e, err := NewEncoder()
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	for range 2 {
		if got, err := e.Encode(rgb, 64, 48, 80); err != nil || !bytes.Equal(got, once) {
			t.Fatalf("%d bytes, %v; EncodeJPEG gives %d bytes", len(got), err, len(once))
		}
	}
	if n := testing.AllocsPerRun(20, func() { _, _ = e.Encode(rgb, 64, 48, 80) }); n != 0 {
		t.Errorf("%v allocations a picture, want 0", n)
	}
	e.Wipe()
	if !bytes.Equal(e.out, make([]byte, len(e.out))) {
		t.Error("Wipe leaves something of the picture")
	}
	if _, err := e.Encode(rgb[1:], 64, 48, 80); err == nil {
		t.Error("a picture with a byte missing was encoded")
	}
}
