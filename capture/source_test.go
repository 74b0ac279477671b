package capture

import (
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"testing"

	"edged/capture/pixel"
)

// No setting is ignored in silence.
func TestSettingsWithoutEffectAreNamed(t *testing.T) {
	for _, c := range []struct {
		kind Kind
		o    Options
		want string
	}{
		{KindV4L2, Options{FourCC: pixel.MJPEG, Width: 640, Height: 480, FrameRate: 15}, "[]"},
		{KindFile, Options{FourCC: pixel.MJPEG, Width: 640, Height: 480, FrameRate: 15}, "[format]"},
		{KindCommand, Options{FourCC: pixel.YUYV, Width: 640, Height: 480}, "[]"},
		{KindCommand, Options{FourCC: pixel.MJPEG, Width: 640, Height: 480, FrameRate: 15}, "[width and height fps]"},
		{KindPattern, Options{FrameRate: 15}, "[]"},
		{KindPattern, Options{FourCC: pixel.YUYV, Width: 640, Height: 480}, "[format width and height]"},
		{KindPattern, Options{}, "[]"},
	} {
		var log strings.Builder
		c.o.Log = slog.New(slog.NewTextHandler(&log, nil))
		if _, err := NewSource(Spec{Kind: c.kind, Path: "x"}, c.o); err != nil {
			t.Fatal(err)
		}
		var named []string
		for _, found := range regexp.MustCompile(`setting=("[^"]*"|\w+)`).FindAllStringSubmatch(log.String(), -1) {
			named = append(named, strings.Trim(found[1], `"`))
		}
		if got := fmt.Sprint(named); got != c.want {
			t.Errorf("%s: %s, want %s", c.kind, got, c.want)
		}
	}
}
