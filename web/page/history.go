package page

import (
	"net/http"

	"edged/internal/history"
)

// showHistory answers with the measurements of the last hour, and with the values of now.
func (p *Page) showHistory(w http.ResponseWriter, _ *http.Request) {
	reply(w, struct {
		history.Curves
		Status any `json:"status"`
	}{p.History.Curves(), p.Statistics()})
}
