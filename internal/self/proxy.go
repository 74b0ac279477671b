package self

import (
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
)

// Proxy is the environment's proxy for the request, but none for this machine: a proxy elsewhere would look for it elsewhere. It is
// http.Transport's Proxy.
func Proxy(r *http.Request) (*url.URL, error) {
	if isThisMachine(r.URL.Hostname()) {
		return nil, nil
	}
	return http.ProxyFromEnvironment(r)
}

func isThisMachine(host string) bool {
	if ip := net.ParseIP(host); ip != nil {
		own, _ := net.InterfaceAddrs() // without them only loopback is known
		return ip.IsLoopback() || ip.IsUnspecified() || slices.ContainsFunc(own, func(a net.Addr) bool {
			n, ok := a.(*net.IPNet)
			return ok && n.IP.Equal(ip)
		})
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	name, err := os.Hostname()
	name = strings.ToLower(name)
	return host == "localhost" || err == nil && (host == name || host == name+".local")
}
