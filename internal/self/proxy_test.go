package self

import (
	"os"
	"strings"
	"testing"
)

func TestThisMachine(t *testing.T) {
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{
		"127.0.0.1": true, "127.8.8.8": true, "::1": true, "0.0.0.0": true, "::": true, "localhost": true, "LOCALHOST.": true,
		host: true, strings.ToUpper(host): true, host + ".local": true,
		"192.0.2.1": false, "2001:db8::1": false, "edged.example": false, host + ".example": false, "": false,
	} {
		if got := isThisMachine(name); got != want {
			t.Errorf("%q: %t", name, got)
		}
	}
}
