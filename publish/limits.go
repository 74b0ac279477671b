package publish

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/mochi-mqtt/server/v2/packets"
)

// errHungUp marks the errors of a broker that closes the connection where it should answer.
var errHungUp = errors.New("the broker closed the connection")

// hungUp is such an error. It does not wrap the system's error, which would look like a second client with the same id.
type hungUp struct{ text string }

func (h hungUp) Error() string        { return h.text }
func (h hungUp) Is(target error) bool { return target == errHungUp }

// brokerLimits are what a broker does not take.
type brokerLimits struct {
	noRetain   bool
	maxQoS     byte
	packetSize int // bytes; 0 = any
}

// explain replaces the error of a broker that hung up by the cause, if the broker tells it. Over MQTT 3.1.1 a broker cannot say
// what it does not take, and closes the connection. MQTT 5 can, so edged asks by that.
func (p *Publisher) explain(ctx context.Context, err error) error {
	if !errors.Is(err, errHungUp) || ctx.Err() != nil {
		return err
	}
	l, ok := p.askLimits(ctx)
	switch largest := p.states.largest(); {
	case !ok:
		return err
	case l.noRetain:
		return errors.New("the broker takes no retained messages, which edged needs for its states (mosquitto: retain_available true)")
	case l.maxQoS < 1:
		return errors.New("the broker takes messages of QoS 0 only; edged needs QoS 1, so that no event is lost (mosquitto: max_qos 1)")
	case l.packetSize > 0 && l.packetSize < largest:
		return fmt.Errorf("the broker takes packets of at most %d bytes, and edged's largest now has %d (mosquitto: max_packet_size)",
			l.packetSize, largest)
	}
	return err
}

// askLimits connects with MQTT 5, under another client id, and reads the broker's answer.
func (p *Publisher) askLimits(ctx context.Context) (l brokerLimits, ok bool) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	conn, err := p.dial(ctx)
	if err != nil {
		return l, false
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()
	if _, err := conn.Write(p.connectMQTT5()); err != nil {
		return l, false
	}
	answer, err := readConnack(bufio.NewReader(conn))
	if err != nil || answer.ReasonCode != packets.CodeSuccess.Code {
		return l, false
	}
	of := answer.Properties
	l = brokerLimits{noRetain: of.RetainAvailableFlag && of.RetainAvailable == 0, maxQoS: 2, packetSize: int(of.MaximumPacketSize)}
	if of.MaximumQosFlag {
		l.maxQoS = of.MaximumQos
	}
	return l, true
}

func (p *Publisher) connectMQTT5() []byte {
	connect := packets.Packet{
		FixedHeader: packets.FixedHeader{Type: packets.Connect}, ProtocolVersion: 5,
		Connect: packets.ConnectParams{
			ProtocolName: []byte("MQTT"), Clean: true, ClientIdentifier: p.clientID() + "-limits",
			UsernameFlag: p.Username != "", Username: []byte(p.Username),
			PasswordFlag: p.Password != "", Password: []byte(p.Password),
		},
	}
	var text bytes.Buffer
	_ = connect.ConnectEncode(&text) // fails never
	return text.Bytes()
}

// readConnack reads a CONNACK of MQTT 5. It is part of nothing that must go on, so whatever the library makes of a broken one is an
// error.
func readConnack(in *bufio.Reader) (answer packets.Packet, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("CONNACK: %v", r)
		}
	}()
	kind, err := in.ReadByte()
	if err != nil {
		return answer, err
	}
	size, _, err := packets.DecodeLength(in)
	if err != nil || kind>>4 != packets.Connack || size > 64<<10 {
		return answer, errNoMQTT
	}
	text := make([]byte, size)
	if _, err := io.ReadFull(in, text); err != nil {
		return answer, err
	}
	answer = packets.Packet{FixedHeader: packets.FixedHeader{Type: packets.Connack}, ProtocolVersion: 5}
	return answer, answer.ConnackDecode(text)
}
