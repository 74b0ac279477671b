package certs

import (
	"os"
	"os/exec"
	"path/filepath"
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
