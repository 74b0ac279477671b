package bounds

import (
	"strings"
	"testing"
)

func TestCheckTopic(t *testing.T) {
	for topic, good := range map[string]bool{
		"homeassistant/status": true, "/": true, "a b/ü": true, strings.Repeat("x", 65535): true,
		"": false, "a/+/b": false, "a/#": false, "a\x00b": false, "a\xff": false, strings.Repeat("x", 65536): false,
	} {
		if err := CheckTopic(topic); (err == nil) != good {
			t.Errorf("%.20q: %v", topic, err)
		}
	}
}
