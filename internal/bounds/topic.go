package bounds

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// CheckTopic reports whether a message can be published to the topic (MQTT 3.1.1, 4.7).
func CheckTopic(topic string) error {
	switch i := strings.IndexAny(topic, "+#\x00"); {
	case topic == "":
		return errors.New("a topic must not be empty")
	case i >= 0:
		return fmt.Errorf("a topic must not contain %q", topic[i])
	case !utf8.ValidString(topic):
		return errors.New("a topic must be UTF-8")
	case len(topic) > 0xffff:
		return errors.New("a topic has at most 65535 bytes")
	}
	return nil
}
