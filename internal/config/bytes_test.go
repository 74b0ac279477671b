package config

import (
	"strings"
	"testing"
)

// A path in the configuration is bytes, with or without quotes, and whatever else the file holds.
func TestPathsInTheFileAreBytes(t *testing.T) {
	for _, source := range []string{"file:/a\xffb.mkv", "file:/a\xff\xc3.mkv", "file:/\U0010f7ff.mkv", "file:/ä.mkv", "file:/100%.mkv", "command:cat /a\xff"} {
		for _, quote := range []string{"", "'", `"`} {
			for _, comment := range []string{"", "# caf\xe9\n"} {
				if comment != "" && strings.Contains(source, "\U0010f7ff") {
					continue // this one file in a file that is not UTF-8 cannot be told from a byte
				}
				c, err := Parse("f", []byte(comment+"cameras:\n  - source: "+quote+source+quote+"\nmodel: {file: "+quote+"/m\xff.tflite"+quote+"}\n"))
				if strings.Contains(source, "\U0010f7ff") {
					c, err = Parse("f", []byte("cameras:\n  - source: "+quote+source+quote+"\n"))
				} else if err == nil && c.Model.File != "/m\xff.tflite" {
					t.Errorf("model.file is %q", c.Model.File)
				}
				if err != nil {
					t.Errorf("%q: %v", source, err)
				} else if got := c.Cameras[0].Source; got != source {
					t.Errorf("%q in %q is read as %q", source, quote, got)
				}
			}
		}
	}
	_, err := Parse("f", []byte("node: \"a\xff\"\nlog: {level: \"b\xff\"}\nmqtt: c\xff\n"))
	if err == nil || !strings.Contains(err.Error(), `"a\xff"`) || !strings.Contains(err.Error(), `"b\xff"`) || strings.Contains(err.Error(), "\U0010f7ff") {
		t.Errorf("a message does not show the byte as it is: %v", err)
	}
}

func TestMissingQuotesAreNamed(t *testing.T) {
	for line, want := range map[string]string{
		"  - source: pattern:":                      `source: 'pattern:'`,
		"    source: pattern:   # moves":            `source: 'pattern:'`,
		"  - source: command: ffmpeg -i hunter2":    `source: '…'`,
		"  - source: command:ffmpeg -h 'a: b'":      `source: '…'`,
		"  - source: @camera":                       `source: '…'`,
		"  - source: \"C:\\path\"":                  `source: '…'`,
		"  - name: a: b":                            `name: '…'`,
		"  - source: command:curl http://u:p@x/: y": `source: '…'`,
	} {
		_, err := Parse("f", []byte("cameras:\n"+line+"\n"))
		if err == nil || !strings.Contains(err.Error(), "f:2: ") || !strings.Contains(err.Error(), "put the value in single quotes: "+want) {
			t.Errorf("%s: %v", line, err)
		}
		if err != nil && (strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "u:p")) {
			t.Errorf("%s: %v shows what may be a password", line, err)
		}
	}
	for _, line := range []string{"  - [", "  - source: {a: b: c}", " x: y"} {
		if _, err := Parse("f", []byte("cameras:\n"+line+"\n")); err == nil || strings.Contains(err.Error(), "quotes") {
			t.Errorf("%s: %v: quotes would not help", line, err)
		}
	}
}
