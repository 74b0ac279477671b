// Package certs reads TLS certificates and keys, and explains what is wrong with a file.
package certs

import (
	"crypto/tls"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"

	"edged/internal/plainfile"
)

// maxBytes bounds a file of certificates. A system's whole store has 200 kB.
const maxBytes = 4 << 20

// LoadPair reads a certificate, with those that lead to its authority, and its private key. Both files are PEM. Every error names
// the file.
func LoadPair(certFile, keyFile string) (tls.Certificate, error) {
	cert, err := plainfile.Read(certFile, maxBytes)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("%s: %w", certFile, err)
	}
	key, err := plainfile.Read(keyFile, maxBytes)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("%s: %w", keyFile, err)
	}
	if isEncrypted(key) {
		return tls.Certificate{}, fmt.Errorf("%s: a passphrase protects this key, and edged cannot ask for it; "+
			"write the key without one: openssl pkey -in %s -out NEW.key", keyFile, keyFile)
	}
	if !has(cert, "CERTIFICATE") {
		return tls.Certificate{}, fmt.Errorf("%s: it holds no certificate; it must be a PEM file", certFile)
	}
	if !has(key, "PRIVATE KEY") {
		return tls.Certificate{}, fmt.Errorf("%s: it holds no private key; it must be a PEM file", keyFile)
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

// has reports whether there is a block whose type ends so.
func has(text []byte, kind string) bool {
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if strings.HasSuffix(block.Type, kind) {
			return true
		}
	}
	return false
}
