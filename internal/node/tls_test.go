package node

import (
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"edged/internal/config"
)

// edged looks at what a certificate's path names before it opens it: nobody may have to write to a pipe first.
func TestCertificatesAreFiles(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := unix.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{pipe: "nobody writes to this pipe", "/dev/zero": "device", t.TempDir(): "folder"} {
		for key, m := range map[string]config.MQTT{
			"mqtt.ca_file": {CAFile: path}, "mqtt.cert_file": {CertFile: path, KeyFile: "tls_test.go"}, "mqtt.key_file": {CertFile: "tls_test.go", KeyFile: path},
		} {
			_, err := tlsConfig(m)
			if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), key) {
				t.Errorf("%s: %v, want %q", key, err, want)
			}
		}
	}
}
