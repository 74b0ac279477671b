package picture

import (
	"math"
	"testing"
)

func TestNamed(t *testing.T) {
	for _, name := range Names() {
		code, ok := Named(name)
		if !ok || !code.Supported() {
			t.Errorf("%s is %v, %t: not a supported format", name, code, ok)
		}
	}
	if _, ok := Named("h264"); ok {
		t.Error("h264 has a code")
	}
}

func TestAreaWithin(t *testing.T) {
	for area, want := range map[Area]bool{
		{0, 0, 1, 1}:            true,
		{0.7, 0.7, 0.3, 0.3}:    true,
		{0.5, 0.5, 0.5, 0.6}:    false,
		{-0.1, 0, 0.5, 0.5}:     false,
		{0, 0, 0, 1}:            false,
		{0, 0, math.NaN(), 1}:   false,
		{math.Inf(-1), 0, 1, 1}: false,
	} {
		if got := area.Within(); got != want {
			t.Errorf("%v within the picture: %t, want %t", area, got, want)
		}
	}
}
