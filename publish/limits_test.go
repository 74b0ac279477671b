package publish

import (
	"bufio"
	"bytes"
	"strings"
	"testing"

	"edged/internal/testkit"
)

// A broker that closes the connection because it does not take what edged needs is asked why, and the log names the setting.
func TestWhatABrokerDoesNotTakeIsNamed(t *testing.T) {
	t.Parallel()
	for config, want := range map[string]string{
		"retain_available false": "the broker takes no retained messages",
		"max_qos 0":              "the broker takes messages of QoS 0 only",
		"max_packet_size 150":    "the broker takes packets of at most 150 bytes",
	} {
		broker := testkit.StartMosquitto(t, config, "allow_anonymous false", "password_file "+testkit.PasswordFile(t, "edged", "s3cret"))
		p, log := testPublisher(t, broker.URL(), discoverable, func(p *Publisher) { p.Username, p.Password = "edged", "s3cret" })
		stop := run(t, p)
		waitFor(t, "the cause is named", log.Has(want))
		stop()
		if text := log.String(); strings.Contains(text, "same client id") || strings.Contains(text, "s3cret") {
			t.Errorf("%s: %s", config, text)
		}
	}
}

// The answer of a broker may be anything.
func FuzzConnack(f *testing.F) {
	f.Add([]byte("\x20\x03\x00\x00\x00"))
	f.Add([]byte("\x20\x07\x00\x00\x04\x25\x00\x24\x00"))
	f.Add([]byte("\x20\x05\x00\x00\x02\x27\x00"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if _, err := readConnack(bufio.NewReader(bytes.NewReader(text))); err == nil && len(text) < 4 {
			t.Errorf("%q was read", text)
		}
	})
}
