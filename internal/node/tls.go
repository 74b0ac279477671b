package node

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"

	"edged/internal/certs"
	"edged/internal/config"
	"edged/internal/plainfile"
)

// maxPEM bounds a file of certificates; a system's whole store has 200 kB.
const maxPEM = 4 << 20

// tlsConfig reads the files that mqtt names. Every error names its key and its file.
func tlsConfig(m config.MQTT) (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	var errs []error
	if m.CAFile != "" {
		pem, err := plainfile.Read(m.CAFile, maxPEM)
		c.RootCAs = x509.NewCertPool()
		if err != nil {
			errs = append(errs, fmt.Errorf("mqtt.ca_file: %s: %w", m.CAFile, err))
		} else if !c.RootCAs.AppendCertsFromPEM(pem) {
			errs = append(errs, fmt.Errorf("mqtt.ca_file: %s: it holds no certificate; it must be a PEM file", m.CAFile))
		}
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
