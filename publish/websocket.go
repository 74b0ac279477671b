package publish

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/gorilla/websocket"

	"edged/internal/self"
)

// dialWebsocket opens a websocket for MQTT (MQTT 3.1.1, chapter 6).
func dialWebsocket(ctx context.Context, url string, secure *tls.Config) (net.Conn, error) {
	dialer := websocket.Dialer{
		Proxy: self.Proxy, HandshakeTimeout: connectTimeout, TLSClientConfig: secure, Subprotocols: []string{"mqtt"},
	}
	conn, answer, err := dialer.DialContext(ctx, url, nil) //nolint:bodyclose // gorilla: nobody has to close it
	if answer != nil && errors.Is(err, websocket.ErrBadHandshake) {
		return nil, refusedWebsocket(answer)
	}
	if err != nil {
		return nil, err
	}
	return &websocketConn{Conn: conn}, nil
}

// refusedWebsocket explains an HTTP answer that opens no websocket.
func refusedWebsocket(answer *http.Response) error {
	hint := "is the path of the address right?"
	switch code := answer.StatusCode; {
	case code >= 300 && code < 400:
		hint = fmt.Sprintf("it redirects to %.200q: put the address of the broker itself into the configuration", answer.Header.Get("Location"))
	case code == http.StatusUnauthorized || code == http.StatusProxyAuthRequired:
		hint = "a web server in front of the broker asks for a login, which edged does not have: the login of mqtt.username is the broker's"
	case code == http.StatusForbidden:
		hint = "a web server in front of the broker does not let this board in"
	case code >= 500:
		hint = "a web server in front of the broker does not reach it"
	case code == http.StatusSwitchingProtocols || code == http.StatusOK:
		hint = "it answers, but does not speak websocket there; is the path of the address right?"
	}
	return fmt.Errorf("no websocket: the server answered HTTP %d %s; %s", answer.StatusCode, http.StatusText(answer.StatusCode), hint)
}

// websocketConn is a websocket as a stream of bytes, whatever messages they come in.
type websocketConn struct {
	*websocket.Conn
	message io.Reader // the message that is being read; nil = none
}

func (c *websocketConn) Read(b []byte) (int, error) {
	for {
		if c.message == nil {
			_, message, err := c.NextReader()
			if err != nil {
				return 0, err
			}
			c.message = message
		}
		n, err := c.message.Read(b)
		if errors.Is(err, io.EOF) {
			c.message, err = nil, nil
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
}

func (c *websocketConn) Write(b []byte) (int, error) {
	if err := c.WriteMessage(websocket.BinaryMessage, b); err != nil {
		return 0, err
	}
	return len(b), nil
}

// SetDeadline may be called while another goroutine writes. gorilla's SetWriteDeadline may not.
func (c *websocketConn) SetDeadline(t time.Time) error { return c.NetConn().SetDeadline(t) }
