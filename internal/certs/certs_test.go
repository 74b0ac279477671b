package certs

import (
	"crypto/x509"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// made returns a folder with files that openssl has made: cert.pem and key.pem, another.key, and keys with a passphrase.
func made(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, line := range []string{
		"req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 1 -subj /CN=board",
		"genrsa -out another.key 2048",
		"pkcs8 -topk8 -in key.pem -out pkcs8.key -passout pass:x",
		"rsa -in key.pem -aes128 -out rfc1421.key -passout pass:x -traditional",
	} {
		cmd := exec.CommandContext(t.Context(), "openssl", strings.Fields(line)...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("openssl %s: %v: %s", line, err, out)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "empty"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestLoadPair(t *testing.T) {
	dir := made(t)
	for _, c := range []struct{ cert, key, want string }{
		{"cert.pem", "key.pem", ""},
		{"cert.pem", "pkcs8.key", "pkcs8.key: a passphrase protects this key"},
		{"cert.pem", "rfc1421.key", "rfc1421.key: a passphrase protects this key"},
		{"cert.pem", "another.key", "another.key: private key does not match public key"},
		{"cert.pem", "absent", "absent: no such file"},
		{"absent", "key.pem", "absent: no such file"},
		{"empty", "key.pem", "empty: it holds no certificate"},
		{"cert.pem", "cert.pem", "cert.pem: it holds no private key"},
		{"key.pem", "key.pem", "key.pem: it holds no certificate"},
	} {
		_, err := LoadPair(filepath.Join(dir, c.cert), filepath.Join(dir, c.key))
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s and %s: %v, want %q", c.cert, c.key, err, c.want)
		}
	}
}

// Files that other systems' editors have saved are read, or it is said what is wrong with them.
func TestFilesOfOtherEditors(t *testing.T) {
	dir := made(t)
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	cert, key := read("cert.pem"), read("key.pem")
	file := func(text string) string {
		path := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	windows := func(text string) string { return "\ufeff" + strings.ReplaceAll(text, "\n", "\r\n") }
	utf16 := func(text string) string { return "\xff\xfe" + strings.Join(strings.Split(text, ""), "\x00") + "\x00" }
	for name, change := range map[string]func(string) string{"windows": windows, "UTF-16": utf16} {
		if _, err := LoadPair(file(change(cert)), file(change(key))); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if pool, err := LoadPool(file(change(cert + cert))); err != nil || pool.Equal(x509.NewCertPool()) {
			t.Errorf("%s: authorities: %v, %v", name, pool, err)
		}
	}
	spaced := strings.Replace(cert, "BEGIN ", "BEGIN\u00a0", 1)
	for text, want := range map[string]string{
		spaced:        "it holds no certificate; it must be a PEM file; line 1 has a no-break space (U+00A0) in it",
		cert + spaced: "only 1 of its 2 PEM blocks can be read; line " + strconv.Itoa(strings.Count(cert, "\n")+1) + " has",
		cert + "-----BEGIN CERTIFICATE-----\nAAAA": "only 1 of its 2 PEM blocks",
		"": "it holds no certificate",
		"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n": "none of its certificates can be read",
	} {
		if _, err := LoadPool(file(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60q: %v, want %q", text, err, want)
		}
	}
}
