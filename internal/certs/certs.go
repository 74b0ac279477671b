// Package certs reads TLS certificates and keys, and explains what is wrong with a file.
package certs

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"

	"edged/internal/plainfile"
	"edged/internal/plaintext"
)

// maxBytes bounds a file of certificates. A system's whole store has 200 kB.
const maxBytes = 4 << 20

// LoadPair reads a certificate, with those that lead to its authority, and its private key. Both files are PEM. Every error names
// the file.
func LoadPair(certFile, keyFile string) (tls.Certificate, error) {
	cert, err := plainfile.ReadText(certFile, maxBytes)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("%s: %w", certFile, err)
	}
	key, err := plainfile.ReadText(keyFile, maxBytes)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("%s: %w", keyFile, err)
	}
	if isEncrypted(key) {
		return tls.Certificate{}, fmt.Errorf("%s: a passphrase protects this key, and edged cannot ask for it; "+
			"write the key without one: openssl pkey -in %s -out NEW.key", keyFile, keyFile)
	}
	if err := check(cert, "CERTIFICATE", "certificate"); err != nil {
		return tls.Certificate{}, fmt.Errorf("%s: %w", certFile, err)
	}
	if err := check(key, "PRIVATE KEY", "private key"); err != nil {
		return tls.Certificate{}, fmt.Errorf("%s: %w", keyFile, err)
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("%s with %s: %w", certFile, keyFile, errors.New(strings.TrimPrefix(err.Error(), "tls: ")))
	}
	return pair, nil
}

// isEncrypted reports whether a passphrase protects a key: of PKCS #8, or in the older form of RFC 1421.
func isEncrypted(text []byte) bool {
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "ENCRYPTED PRIVATE KEY" || strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED") {
			return true
		}
	}
	return false
}

// LoadPool reads the certificates of authorities from a PEM file. No error names the file.
func LoadPool(file string) (*x509.CertPool, error) {
	text, err := plainfile.ReadText(file, maxBytes)
	if err != nil {
		return nil, err
	}
	if err := check(text, "CERTIFICATE", "certificate"); err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, errors.New("none of its certificates can be read")
	}
	return pool, nil
}

// check returns an error unless the text has blocks of that type and each of them can be read: crypto/tls and crypto/x509 pass
// over a damaged block without a word.
func check(text []byte, kind, name string) error {
	begun, read, found := strings.Count(string(text), "-BEGIN"), 0, false
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		read++
		found = found || strings.HasSuffix(block.Type, kind)
	}
	switch {
	case !found:
		return fmt.Errorf("it holds no %s; it must be a PEM file%s", name, hint(text))
	case read < begun:
		return fmt.Errorf("only %d of its %d PEM blocks can be read%s", read, begun, hint(text))
	}
	return nil
}

// hint names what may be wrong with a text that looks right.
func hint(text []byte) string {
	if found := plaintext.FindLine(text); found != "" {
		return "; " + found
	}
	return ""
}
