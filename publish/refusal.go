package publish

import (
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

// refusals say what a broker's CONNACK return code (MQTT 3.1.1, table 3.1) means for whoever runs the node.
var refusals = map[byte]string{
	packets.ErrRefusedBadProtocolVersion:    "the broker does not speak MQTT 3.1.1",
	packets.ErrRefusedIDRejected:            "bad client id: the broker does not allow it; choose another node name",
	packets.ErrRefusedServerUnavailable:     "the broker is not taking connections now",
	packets.ErrRefusedBadUsernameOrPassword: "bad credentials: user name or password is wrong",
	packets.ErrRefusedNotAuthorised:         "not authorised: user name or password is wrong, or the broker does not let this user in",
}

// connectError says why a connection did not come up. dialErr is the error of opening the link, nil if that worked; err is
// paho's, and code the CONNACK's.
func connectError(dialErr, err error, code byte) error {
	var timeout net.Error
	switch reason, refused := refusals[code]; {
	case dialErr != nil:
		return dialErr
	case refused:
		return fmt.Errorf("refused: %s (return code %d)", reason, code)
	case errors.As(err, &timeout) && timeout.Timeout():
		return fmt.Errorf("the broker took the connection and did not answer within %v; is it an MQTT broker, and is it overloaded?", connectTimeout)
	case closedByPeer(err):
		return hungUp{"the broker closed the connection instead of answering; is it an MQTT broker, and does it want TLS or a client certificate?"}
	}
	return err
}

// closedByPeer says whether the other side ended the connection on purpose.
func closedByPeer(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// idContest notices when connections are closed by the broker soon after they came up, several times in a row: what a second
// client with the same id does, since a broker must close the first one's connection then (MQTT 3.1.1, 3.1.4-2).
type idContest struct {
	broker string
	losses int
}

// lost records how a connection ended and says whether it looks like such a contest. A connection that never came up (lived
// is 0) speaks against it: then it is the broker that comes and goes.
func (c *idContest) lost(broker string, lived time.Duration, err error) bool {
	if broker != c.broker { // nodes of a cluster may die one after the other
		*c = idContest{broker: broker}
	}
	if lived == 0 || lived >= healthyAfter || !closedByPeer(err) {
		c.losses = 0
		return false
	}
	c.losses++
	return c.losses >= 3
}

// outage is what has been told of it since a broker was there last.
type outage map[string]bool

const maxReasons = 100

// level is that of the log's line about a connection that lived so long: what was told already is for those who debug.
func (o outage) level(broker string, lived time.Duration, err error) slog.Level {
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

// dropDigits, by strings.Map, leaves of an error what is the same in each try: the numbers may be a port of our own or a time.
func dropDigits(r rune) rune {
	if r >= '0' && r <= '9' {
		return -1
	}
	return r
}
