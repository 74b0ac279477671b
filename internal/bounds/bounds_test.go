package bounds

import (
	"math"
	"strings"
	"testing"
)

func TestCheckName(t *testing.T) {
	for name, ok := range map[string]bool{
		"gate": true, "Gate_2-b": true, strings.Repeat("a", 64): true,
		"": false, strings.Repeat("a", 65): false, "a/b": false, "küche": false, "a b": false, "a+": false, "#": false,
	} {
		if err := CheckName(name); (err == nil) != ok {
			t.Errorf("%q: error %v", name, err)
		}
	}
}

func TestCheckFrameRate(t *testing.T) {
	for rate, ok := range map[float64]bool{
		0.01: true, 8: true, 240: true,
		0: false, -1: false, 1e-300: false, 241: false, math.Inf(1): false, math.NaN(): false,
	} {
		if err := CheckFrameRate(rate); (err == nil) != ok {
			t.Errorf("%g: error %v", rate, err)
		}
	}
}

func TestMakeName(t *testing.T) {
	for s, want := range map[string]string{
		"gate": "gate", "my board": "my-board", "küche": "k-che", "": "", strings.Repeat("ab", 50): strings.Repeat("ab", 32),
	} {
		got := MakeName(s)
		if got != want {
			t.Errorf("%q becomes %q, want %q", s, got, want)
		}
		if err := CheckName(got); got != "" && err != nil {
			t.Error(err)
		}
	}
}
