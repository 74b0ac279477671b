package publish

import (
	"strings"
	"testing"
	"time"
)

func TestInitializeReportsEverythingAtOnce(t *testing.T) {
	p := &Publisher{
		Broker:    "amqp://broker",
		Node:      "kitchen/left",
		KeepAlive: 30 * time.Second,
		Password:  "hush-hush",
		Cameras: []Camera{
			{Name: "front", Labels: []string{"wave", "wave", "left+right", "", "enabled"}},
			{Name: "front"},
			{Name: "back", Views: []string{"door", "door", "status"}},
			{Name: strings.Repeat("x", 65)},
			{Name: "a\xffb"},
		},
	}
	err := p.Initialize()
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		`broker 1: must be tcp://HOST:PORT`,
		`node "kitchen/left": '/' has a special meaning in topics`,
		`keepalive 30s: must be whole seconds, 10s at most`,
		`a password without a user name`,
		`camera "front": label "wave" appears twice`,
		`label "left+right": '+'`,
		`a label has no name`,
		`camera "front": label "enabled": edged uses this name`,
		`camera "back": view "door" appears twice`,
		`camera "back": view "status": edged uses this name`,
		`two cameras are named "front"`,
		`65 bytes; a name has at most 64`,
		`camera "a\xffb": not UTF-8`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not say %q", want)
		}
	}
	if strings.Contains(err.Error(), "hush-hush") {
		t.Error("the error shows the password")
	}
	if t.Failed() {
		t.Log(err)
	}
}
