package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"edged/internal/config"
	"edged/internal/plainfile"
	"edged/internal/printable"
	"edged/internal/self"
)

// asker asks a running edged.
type asker struct {
	url     string // without a path
	client  http.Client
	session *http.Cookie // of the page; nil = not logged in
}

// maxAnswer bounds what is read of an answer; a real one has a few kilobytes.
const maxAnswer = 1 << 20

// askerAt asks the edged at the URL.
func askerAt(url string) *asker {
	return &asker{url: strings.TrimRight(url, "/"), client: http.Client{Transport: &http.Transport{Proxy: self.Proxy}}}
}

// askerOf asks the edged of this machine that has that configuration. It believes no certificate but the one that edged has.
func askerOf(w config.Web) (*asker, error) {
	if w.Listen == "" {
		return nil, errors.New("web.listen is empty: this edged answers nobody")
	}
	if w.CertFile == "" {
		return &asker{url: "http://" + here(w.Listen), client: http.Client{Transport: &http.Transport{}}}, nil
	}
	text, err := plainfile.ReadText(w.CertFile, 1<<20)
	if err != nil {
		return nil, fmt.Errorf("web.cert_file: %w", err)
	}
	trust := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: true} //nolint:gosec // the next line is stricter
	trust.VerifyConnection = func(c tls.ConnectionState) error { return isCertificate(c, text) }
	return &asker{url: "https://" + here(w.Listen), client: http.Client{Transport: &http.Transport{TLSClientConfig: trust}}}, nil
}

// here is the address at which this machine itself reaches what listens there. edged believes that a request comes from its own
// machine only if it is for a loopback address.
func here(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	switch ip := net.ParseIP(host); {
	case err != nil:
		return listen
	case host == "", ip.Equal(net.IPv4zero):
		return net.JoinHostPort("127.0.0.1", port)
	case ip.Equal(net.IPv6unspecified):
		return net.JoinHostPort("::1", port)
	}
	return listen
}

// isCertificate returns an error unless the other side has the first certificate of the PEM text.
func isCertificate(c tls.ConnectionState, text []byte) error {
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "CERTIFICATE" {
			if bytes.Equal(c.PeerCertificates[0].Raw, block.Bytes) {
				return nil
			}
			break
		}
	}
	return errors.New("its certificate is not that of web.cert_file; restart edged if the file has changed")
}

// get returns the answer for the path.
func (a *asker) get(ctx context.Context, path string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, a.url+path, nil)
	if err != nil {
		return nil, err
	}
	reply, err := a.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer reply.Body.Close()
	body, err := io.ReadAll(io.LimitReader(reply.Body, maxAnswer))
	if err != nil {
		return nil, err
	}
	if reply.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", printable.Line(reply.Status), printable.Line(strings.TrimSpace(string(body))))
	}
	return body, nil
}
