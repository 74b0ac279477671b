package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"edged/internal/bench"
)

type benchCmd struct {
	Model   string  `type:"model" placeholder:"FILE" help:"Model file, or people, people-half or motions, which edged brings; without one, people."`
	Source  string  `type:"existingfile" placeholder:"FILE" help:"Video file, played at its own pace; without one, a moving pattern as 640x480 MJPEG."`
	Seconds float64 `default:"10" help:"How long to measure, from the first window on; 1 to 120."`
	engineFlags
	Broker string `placeholder:"URL" help:"Also publish every window's scores to this broker, tcp://HOST:PORT, as edged run would."`
	JSON   bool   `help:"Print JSON."`
}

// Validate is called by kong. The pattern takes 1.5 MB of the temporary folder a second.
func (b *benchCmd) Validate() error {
	if !(b.Seconds >= 1 && b.Seconds <= 120) { // NaN is neither
		return fmt.Errorf("--seconds %g: must be 1 to 120", b.Seconds)
	}
	return b.engineFlags.Validate()
}

// Run measures and prints the report.
func (b *benchCmd) Run(ctx context.Context, out output) error {
	measurement := bench.Bench{
		Version: version, Model: b.Model, Source: b.Source, Length: time.Duration(b.Seconds * float64(time.Second)),
		Engine: b.options(), Broker: b.Broker,
	}
	report, err := measurement.Run(ctx)
	if err != nil {
		return err
	}
	if b.JSON {
		enc := json.NewEncoder(out)
		enc.SetIndent("", "  ")
		return enc.Encode(report)
	}
	_, err = fmt.Fprint(out, report)
	return err
}
