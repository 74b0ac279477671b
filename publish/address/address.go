// Package address reads the address of a broker as it stands in a configuration.
//
// The grammar is strict, because what a lenient parser accepts may dial another host than the one that was meant:
//
//	address   = scheme "://" host [ ":" port ] [ path ]
//	scheme    = "tcp" | "mqtt" | "mqtts" | "ssl" | "ws" | "wss"
//	host      = name | IPv4 | "[" IPv6 [ ( "%" | "%25" ) zone ] "]"
//	port      = 1 to 65535, without leading zeros; the scheme has a default
//	path      = "/" | for ws and wss any path of RFC 3986, kept as it is written
package address

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// Address is the address of a broker.
type Address struct {
	Scheme string // in lower case
	Host   string // a name, or an IP address without brackets, with its zone if it has one
	Port   string
	Path   string // of a websocket, as it stands in the address; "" = none
}

// scheme is one way to reach a broker.
type scheme struct {
	port      string // where the address has none
	tls       bool
	websocket bool
}

var schemes = map[string]scheme{
	"tcp": {port: "1883"}, "mqtt": {port: "1883"},
	"ssl": {port: "8883", tls: true}, "mqtts": {port: "8883", tls: true},
	"ws": {port: "80", websocket: true}, "wss": {port: "443", tls: true, websocket: true},
}

var (
	errForm = errors.New("must be tcp://HOST:PORT (or mqtts://, ws://, wss://)")
	errIPv6 = errors.New("an IPv6 address needs brackets: tcp://[2001:db8::5]:1883")
	errPort = errors.New("the port must be 1 to 65535")
	errHost = errors.New("the host must be a name of letters, digits, '-', '_' and '.', or an IP address")
)

// UsesTLS reports whether the connection is encrypted.
func (a Address) UsesTLS() bool { return schemes[a.Scheme].tls }

// IsWebsocket reports whether MQTT runs in a websocket.
func (a Address) IsWebsocket() bool { return schemes[a.Scheme].websocket }

// HostPort returns the address in the form that package net dials.
func (a Address) HostPort() string { return net.JoinHostPort(a.Host, a.Port) }

// String returns the address with its port. Parse gives the same Address for it.
func (a Address) String() string {
	return a.Scheme + "://" + strings.Replace(a.HostPort(), "%", "%25", 1) + a.Path
}

// Parse reads an address. No error repeats any of it, since somebody may have put a password there.
func Parse(text string) (Address, error) {
	if strings.Contains(text, "@") {
		return Address{}, errors.New("no user or password in the address, since it appears in logs; use username and password_file")
	}
	name, rest, _ := strings.Cut(text, "://")
	name = strings.ToLower(name)
	kind, known := schemes[name]
	if !known {
		return Address{}, errForm
	}
	authority, path := rest, ""
	if i := strings.IndexAny(rest, "/?#\\"); i >= 0 {
		authority, path = rest[:i], rest[i:]
	}
	a := Address{Scheme: name, Port: kind.port}
	if err := a.parseAuthority(authority); err != nil {
		return Address{}, err
	}
	switch {
	case kind.websocket && isPath(path):
		a.Path = path
	case path != "" && path != "/":
		return Address{}, fmt.Errorf("only a host and a port may follow %s://%s", name, choose(kind.websocket, ", and a path", ""))
	}
	return a, nil
}

func choose(yes bool, a, b string) string {
	if yes {
		return a
	}
	return b
}

// parseAuthority reads the host and, if there is one, the port.
func (a *Address) parseAuthority(text string) (err error) {
	var host, port string
	var hasPort bool
	if strings.HasPrefix(text, "[") {
		end := strings.IndexByte(text, ']')
		if end < 0 {
			return errForm
		}
		host, port, hasPort = text[1:end], strings.TrimPrefix(text[end+1:], ":"), text[end+1:] != ""
		if hasPort && text[end+1] != ':' {
			return errForm
		}
		a.Host, err = parseIPv6(host)
	} else {
		host, port, hasPort = strings.Cut(text, ":")
		if strings.Contains(port, ":") {
			return errIPv6
		}
		a.Host, err = host, checkHost(host)
	}
	if err != nil || !hasPort {
		return err
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 || strconv.FormatUint(n, 10) != port {
		return errPort
	}
	a.Port = port
	return nil
}

// parseIPv6 reads what stands between brackets. RFC 6874 writes the % before a zone as %25; many write it plainly.
func parseIPv6(text string) (string, error) {
	address, zone, hasZone := strings.Cut(text, "%")
	zone = strings.TrimPrefix(zone, "25")
	if ip, err := netip.ParseAddr(address); err != nil || !ip.Is6() {
		return "", errors.New("only an IPv6 address may stand in brackets")
	}
	if !hasZone {
		return address, nil
	}
	if zone == "" || strings.Trim(zone, nameChars) != "" {
		return "", errors.New("the zone after % must be the name of a network interface")
	}
	return address + "%" + zone, nil
}

const (
	digits    = "0123456789"
	nameChars = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" + digits + "-_."
)

// checkHost accepts a host name or an IPv4 address. A name that ends in a number would be one to some resolvers, so it must be a
// whole address.
func checkHost(host string) error {
	if host == "" {
		return errForm
	}
	if strings.Trim(host, nameChars) != "" || len(host) > 253 {
		return errHost
	}
	labels := strings.Split(strings.TrimSuffix(host, "."), ".")
	for _, l := range labels {
		if l == "" || len(l) > 63 {
			return errHost
		}
	}
	if last := labels[len(labels)-1]; isNumber(last) {
		if ip, err := netip.ParseAddr(host); err != nil || !ip.Is4() {
			return errors.New("the host looks like an IPv4 address, but is none")
		}
	}
	return nil
}

// isNumber reports whether inet_aton(3) would read the text as a number.
func isNumber(text string) bool {
	if hex := strings.TrimPrefix(strings.ToLower(text), "0x"); hex != strings.ToLower(text) {
		return strings.Trim(hex, digits+"abcdef") == ""
	}
	return strings.Trim(text, digits) == ""
}

// isPath reports whether the text is empty or a path of RFC 3986, section 3.3.
func isPath(text string) bool {
	if text == "" {
		return true
	}
	for i := 0; i < len(text); i++ {
		if text[i] == '%' {
			if _, err := strconv.ParseUint(text[i+1:min(i+3, len(text))], 16, 8); err != nil || i+3 > len(text) {
				return false
			}
		} else if !strings.ContainsRune(nameChars+"/~!$&'()*+,;=:", rune(text[i])) {
			return false
		}
	}
	return text[0] == '/'
}
