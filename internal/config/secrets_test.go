package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The environment beats the file, the file beats systemd, and what is empty is no value.
func TestSourcesOfThePassword(t *testing.T) {
	for _, c := range []struct {
		what                             string
		variable, file, credential, want string
	}{
		{what: "none"},
		{"all", "v", "f", "c", "v"},
		{"a line end in the variable", "v\n", "f", "c", "v"},
		{"an empty variable", "", "f", "c", "f"},
		{"a variable of a line end", "\n", "f", "", "f"},
		{"no file", "", "", "c", "c"},
		{"files of Windows", "", "\ufefff\r\n", "", "f"},
		{"a credential with a line end", "", "", "c\r\n", "c"},
		{"blanks", " v ", "", "", " v "},
	} {
		t.Run(c.what, func(t *testing.T) {
			dir := t.TempDir()
			yaml := "mqtt:\n  username: u\n"
			for name, text := range map[string]string{"file": c.file, Credential: c.credential} {
				if text == "" {
					continue
				}
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
				if name == "file" {
					yaml += "  password_file: " + filepath.Join(dir, name) + "\n"
				}
			}
			t.Setenv(passwordVariable, c.variable)
			t.Setenv("CREDENTIALS_DIRECTORY", dir)
			got, err := Parse("f", []byte(yaml))
			if err != nil || got.MQTT.Password() != c.want {
				t.Errorf("%v, %q; want %q", err, got.MQTT.Password(), c.want)
			}
		})
	}
}

func TestSourcesOfTheUsername(t *testing.T) {
	for variable, want := range map[string]string{"": "file", "\n": "file", "v": "v", "v\r\n": "v"} {
		t.Setenv(usernameVariable, variable)
		if c, err := Parse("f", []byte("mqtt: {username: file}\n")); err != nil || c.MQTT.Username != want {
			t.Errorf("%q: %v, %q; want %q", variable, err, c.MQTT.Username, want)
		}
	}
}

func TestSecretsThatAreNone(t *testing.T) {
	for text, want := range map[string]string{
		"hunter2\nsecond\n": "2 lines",
		"hunter2\u00a0\r\n": "ends with a no-break space (U+00A0)",
		"\u200bhunter2":     "begins with a zero-width space (U+200B)",
	} {
		file := filepath.Join(t.TempDir(), "password")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Parse("f", []byte("mqtt: {username: u, password_file: "+file+"}\n"))
		t.Setenv(passwordVariable, text)
		_, inVariable := Parse("f", nil)
		t.Setenv(passwordVariable, "")
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, Credential), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		t.Setenv("CREDENTIALS_DIRECTORY", dir)
		_, inCredential := Parse("f", nil)
		t.Setenv("CREDENTIALS_DIRECTORY", "")
		for what, err := range map[string]error{"file": err, passwordVariable: inVariable, Credential: inCredential} {
			if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") || !strings.Contains(err.Error(), what) {
				t.Errorf("%q in the %s: %v, want %q and no secret", text, what, err, want)
			}
		}
	}
}
