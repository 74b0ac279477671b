package publish

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"syscall"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"
)

// refusals are what the return codes of a CONNACK (MQTT 3.1.1, table 3.1) mean for the user.
var refusals = map[byte]string{
	packets.ErrRefusedBadProtocolVersion:    "the broker does not speak MQTT 3.1.1",
	packets.ErrRefusedIDRejected:            "bad client id: the broker does not allow it; choose another name for the node",
	packets.ErrRefusedServerUnavailable:     "the broker is not taking connections now",
	packets.ErrRefusedBadUsernameOrPassword: "bad credentials: user name or password is wrong",
	packets.ErrRefusedNotAuthorised:         "not authorised: user name or password is wrong, or the broker does not let this user in",
}

// connectError explains why a connection did not come up. dialErr is the error of opening the link, nil if the link was opened. err is
// paho's error, and code the return code of the CONNACK.
func connectError(dialErr, err error, code byte) error {
	var timeout net.Error
	switch reason, refused := refusals[code]; {
	case dialErr != nil:
		return explainDial(dialErr)
	case refused:
		return fmt.Errorf("refused: %s (return code %d)", reason, code)
	case errors.As(err, &timeout) && timeout.Timeout():
		return fmt.Errorf("the broker took the connection and did not answer within %v; is it an MQTT broker, and is it overloaded?", connectTimeout)
	case closedByPeer(err):
		return hungUp{"the broker closed the connection instead of answering; is it an MQTT broker, and does it want TLS or a client certificate?"}
	}
	return err
}

// explainDial adds to an error of TLS what mends it.
func explainDial(err error) error {
	var hint string
	switch {
	case errors.As(err, new(x509.UnknownAuthorityError)):
		hint = "if the broker's certificate is signed by an authority of your own, set mqtt.ca_file"
	case errors.As(err, new(x509.HostnameError)):
		hint = "use the name that is in the certificate as the host of the address"
	case errors.As(err, new(tls.RecordHeaderError)):
		hint = "this port does not speak TLS, it seems"
	case errors.As(err, new(tls.AlertError)) && strings.Contains(err.Error(), "certificate"):
		hint = "the broker wants a certificate of this board: set mqtt.cert_file and mqtt.key_file"
	default:
		return err
	}
	return fmt.Errorf("%w; %s", err, hint)
}

// closedByPeer reports whether the broker closed the connection.
func closedByPeer(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// idContest recognises a second client with the same id: the broker must close the connection of the first one when the second one
// connects (MQTT 3.1.1, 3.1.4-2), so several connections in a row end soon after they came up.
type idContest struct {
	broker string
	losses int // in a row
}

// recordLoss records how a connection ended, and reports whether that looks like a second client. It does not if a connection never came
// up (lived is 0): then the broker itself comes and goes.
func (c *idContest) recordLoss(broker string, lived time.Duration, err error) bool {
	if broker != c.broker { // the nodes of a cluster may fail one after the other
		*c = idContest{broker: broker}
	}
	if lived == 0 || lived >= healthyAfter || !closedByPeer(err) {
		c.losses = 0
		return false
	}
	c.losses++
	return c.losses >= 3
}

// outage holds the reasons that were logged since the last connection.
type outage map[string]bool

const maxReasons = 100

// recordReason returns the level for the log line about a connection that failed after having lived so long: a warning for a new
// reason, debug for one that was logged before.
func (o outage) recordReason(broker string, lived time.Duration, err error) slog.Level {
	if lived > 0 {
		clear(o)
	}
	reason := broker + ": " + strings.Map(dropDigits, err.Error())
	if o[reason] {
		return slog.LevelDebug
	}
	if len(o) == maxReasons {
		clear(o)
	}
	o[reason] = true
	return slog.LevelWarn
}

// dropDigits is for strings.Map. What remains of an error's text is the same in each attempt: its numbers may be a local port or a time.
func dropDigits(r rune) rune {
	if r >= '0' && r <= '9' {
		return -1
	}
	return r
}
