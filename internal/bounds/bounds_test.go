package bounds

import (
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
