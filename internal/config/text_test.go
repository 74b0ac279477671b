package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// What other systems' editors save means the same.
func TestFilesOfOtherEditors(t *testing.T) {
	const text = "node: attic\ncameras:\n  - name: gate\n    source: \"pattern:\"\n"
	dir := t.TempDir()
	load := func(text string) (*Config, error) {
		file := filepath.Join(dir, "edged.yaml")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return Load(file)
	}
	want, err := load(text)
	if err != nil {
		t.Fatal(err)
	}
	for name, changed := range map[string]string{
		"byte order mark": "\ufeff" + text,
		"CRLF":            strings.ReplaceAll(text, "\n", "\r\n"),
		"both":            "\ufeff" + strings.ReplaceAll(text, "\n", "\r\n"),
		"UTF-16":          "\xff\xfe" + strings.Join(strings.Split(text, ""), "\x00") + "\x00",
	} {
		if got, err := load(changed); err != nil {
			t.Errorf("%s: %v", name, err)
		} else if d := cmp.Diff(want, got, cmpopts.IgnoreUnexported(MQTT{})); d != "" {
			t.Errorf("%s:\n%s", name, d)
		}
	}
}

// What nobody sees is named, wherever it stands.
func TestInvisibleCharactersAreNamed(t *testing.T) {
	const nbsp = "a no-break space (U+00A0)"
	for text, want := range map[string]string{
		"node\u00a0: attic\n":                               `f:1: "node\u00a0": no such key`,
		"node:\u00a0attic\n":                                nbsp,
		"cameras:\n\u00a0\u00a0- name: gate\n":              nbsp,
		"mqtt:\n  \u00a0broker: tcp://h:1883\n":             `"mqtt.\u00a0broker": no such key`,
		"node: attic\u00a0\n":                               "node: it ends with " + nbsp,
		"node: \u200battic\n":                               "begins with a zero-width space (U+200B)",
		"node: at\u00a0tic\n":                               `not "at\u00a0tic" (this line has ` + nbsp,
		"cameras: [{name: a, source: \"file:/a\u00a0\"}]\n": "cameras[0].source: it ends with " + nbsp,
		"detect: {enter: 0.5\u00a0}\n":                      nbsp,
		"detect: {labels: {wave\u200b: {}}}\n":              `"detect.labels.wave\u200b": says nothing`,
		"log: {level:\u00a0info}\n":                         nbsp,
	} {
		if _, err := Parse("f", []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	for _, text := range []string{"node: attic # das\u00a0ist ein Kommentar\n", "mqtt: {username: Jürgen 日本}\n"} {
		if _, err := Parse("f", []byte(text)); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := Parse("f", []byte("quantum: 1 # a\u00a0comment\n")); err == nil || strings.Contains(err.Error(), "U+00A0") {
		t.Errorf("%v blames a character in a comment", err)
	}
}
