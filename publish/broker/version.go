package broker

import "errors"

var errVersion = errors.New("broker: protocol version refused")

var (
	// refusal tells a client of MQTT 3.1 or 3.1.1 that the server does not accept the version (MQTT 3.1.1, table 3.1).
	refusal = []byte{0x20, 2, 0, 1}
	// refusalMQTT5 tells a client of MQTT 5 so (MQTT 5.0, 3.2.2.2: reason code 0x84).
	refusalMQTT5 = []byte{0x20, 3, 0, 0x84, 0}
)

// bridgeBit is set in the version by bridges of mosquitto. It asks for a dialect in which the server sends nothing back to where it
// came from. A bridge that is refused in its own version tries again without it.
const bridgeBit = 0x80

// checkVersion looks at the first packet. If it is a CONNECT of MQTT 5 or later, or of a dialect, it answers in the version of the
// caller and returns errVersion. Everything else is left to the server library.
func (c *guarded) checkVersion() error {
	version, ok, err := c.peekVersion()
	switch {
	case err != nil || !ok:
		return err
	case version&^bridgeBit >= 5:
		c.guard.warn(&c.guard.version, "broker: a client that speaks MQTT 5 was refused; set it to MQTT 3.1.1")
		_, _ = c.Write(refusalMQTT5) // the connection ends either way
	case version&bridgeBit != 0:
		_, _ = c.Write(refusal)
	default:
		return nil
	}
	return errVersion
}

// peekVersion returns the protocol version of a CONNECT, and false for another packet.
func (c *guarded) peekVersion() (version byte, ok bool, err error) {
	const connect = 0x10
	at := 0 // of the next byte
	next := func() (byte, error) {
		b, err := c.in.Peek(at + 1)
		if err != nil {
			return 0, err
		}
		at++
		return b[at-1], nil
	}
	if first, err := next(); err != nil || first != connect {
		return 0, false, err
	}
	for range 4 { // the remaining length: seven bits a byte, and the eighth says that another byte follows
		b, err := next()
		if err != nil {
			return 0, false, err
		}
		if b < 0x80 {
			break
		}
	}
	for _, name := range []string{"\x00\x04MQTT", "\x00\x06MQIsdp"} { // of 3.1.1 and later, and of 3.1
		start, err := c.in.Peek(at + 2)
		if err != nil {
			return 0, false, err
		}
		if start[at] != name[0] || start[at+1] != name[1] {
			continue
		}
		header, err := c.in.Peek(at + len(name) + 1)
		if err != nil {
			return 0, false, err
		}
		return header[at+len(name)], string(header[at:at+len(name)]) == name, nil
	}
	return 0, false, nil
}
