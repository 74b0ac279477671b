package history

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func TestNewestHourIsKept(t *testing.T) {
	var h History
	for n := range Length + 1 {
		h.Add(time.UnixMilli(int64(n)), map[string]float64{"cpu": float64(n)})
	}
	h.Add(time.UnixMilli(9999), map[string]float64{"memory": 30.12345})
	c := h.Curves()
	last := Length - 1
	if len(c.Times) != Length || c.Times[0] != 2 || c.Times[last] != 9999 || c.Series["cpu"][0] != 2 {
		t.Errorf("%d times from %d to %d, the first value is %v", len(c.Times), c.Times[0], c.Times[last], c.Series["cpu"][0])
	}
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "360,null]") || !strings.Contains(string(text), "null,30.123]") {
		t.Errorf("gaps must be null, and values have three decimals: %s", text)
	}
}

func TestValuesThatEndedAreForgotten(t *testing.T) {
	var h History
	h.Add(time.UnixMilli(0), map[string]float64{"frames gate": 30, "cpu": 1})
	for n := range Length {
		if _, known := h.Curves().Series["frames gate"]; !known {
			t.Fatalf("the curve is forgotten after %d measurements without it; it must stay for an hour", n)
		}
		h.Add(time.UnixMilli(int64(n)), map[string]float64{"cpu": 1})
	}
	if c := h.Curves(); len(c.Series) != 1 {
		t.Errorf("%d curves after an hour without the camera, want only cpu", len(c.Series))
	}
}
