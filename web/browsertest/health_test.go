package browsertest

import (
	"strings"
	"testing"

	"edged/internal/testkit"
)

// Who opens Health late sees what was measured before, also how long the broker takes.
func TestHealthOpenedLate(t *testing.T) {
	beside(t)
	broker := testkit.StartMosquitto(t)
	s := newSite(t, "")
	s.stop()
	s.yaml = strings.Replace(s.yaml, "tcp://127.0.0.1:1", broker.URL(), 1)
	s.start()
	s.await("the broker's times are measured", func() bool {
		c := s.node.State.History.Curves()
		return len(c.Series["ack_p99"]) > 1 && len(c.Times) > 2
	})
	measured := len(s.node.State.History.Curves().Times)
	b := newBrowser(t, s)
	b.size(1280, 1500, false)
	b.open("health")
	legend := "[...document.querySelectorAll('.charts figure')].find((f) => f.textContent.includes('The broker acknowledges within')).textContent"
	b.await(legend + ".includes('half within') && " + legend + ".includes('99 % within')")
	if shown := eval[int](b, "fetch('api/v1/history').then((r) => r.json()).then((h) => h.times.length)"); shown < measured {
		t.Errorf("%d measurements are shown of %d", shown, measured)
	}
	b.shot("health-late")
	b.fits("health")
}
