package main

import (
	"testing"

	"edged/teach"
)

func TestRecallCountsWhatIsAboveTheAllowedAlarms(t *testing.T) {
	tried := trial{shown: []float64{0.9, 0.7, 0.4}, others: []float64{0.8, 0.5, 0.1, 0.1}}
	for alarms, want := range []float64{1. / 3, 2. / 3, 1} {
		if got := tried.recall(alarms); got != want {
			t.Errorf("%d alarms: recall %.2f, expected %.2f", alarms, got, want)
		}
	}
	if got, want := tried.auc(), 9./12; got != want {
		t.Errorf("AUC %.3f, expected %.3f", got, want)
	}
}

func TestNothingToFindIsAnError(t *testing.T) {
	window := []teach.Window{{Embedding: teach.Embedding{1}}}
	events := []*event{
		{labels: []string{"waves"}, windows: map[string][]teach.Window{"f": window}},
		{labels: []string{"nothing"}, windows: map[string][]teach.Window{"f": window}},
		{labels: []string{"?waves"}, windows: map[string][]teach.Window{"f": window}},
	}
	always := func(teach.Embedding) float64 { return 1 }
	if got, err := try(events, "f", "waves", always); err != nil || len(got.shown) != 1 || len(got.others) != 1 {
		t.Errorf("%+v, %v: expected one event that shows it and one that does not", got, err)
	}
	if _, err := try(events[:1], "f", "waves", always); err == nil {
		t.Error("nothing else was there, and no error")
	}
	if _, err := try(events[1:], "f", "waves", always); err == nil {
		t.Error("nothing was there to find, and no error")
	}
}
