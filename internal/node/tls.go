package node

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"

	"edged/internal/certs"
	"edged/internal/config"
)

// tlsConfig reads the files that mqtt names. Every error names its key and its file.
func tlsConfig(m config.MQTT) (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	var errs []error
	if m.CAFile != "" {
		pool, err := certs.LoadPool(m.CAFile)
		if err != nil {
			errs = append(errs, fmt.Errorf("mqtt.ca_file: %s: %w", m.CAFile, err))
		}
		c.RootCAs = pool
	}
	if m.CertFile != "" {
		cert, err := certs.LoadPair(m.CertFile, m.KeyFile)
		if err != nil {
			errs = append(errs, fmt.Errorf("mqtt.cert_file, mqtt.key_file: %w", err))
		}
		c.Certificates = []tls.Certificate{cert}
	}
	if m.Insecure {
		slog.Warn("mqtt.insecure: edged does not check the broker's certificate; others on the network can read and change everything")
		c.InsecureSkipVerify = true //nolint:gosec // only if that setting asks for it, and with a warning
	}
	return c, errors.Join(errs...)
}
