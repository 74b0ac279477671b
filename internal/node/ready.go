package node

import (
	"errors"
	"fmt"

	"edged/internal/printable"
)

// Ready returns nil while every camera delivers pictures, every view has windows, and the broker is connected and delivers what edged
// publishes; else what is missing, one error for each.
func (n *Node) Ready() error {
	var errs []error
	if !n.loaded() {
		errs = append(errs, errors.New("the model is being loaded"))
	}
	for _, c := range n.Cameras {
		switch reason := c.Reason(); {
		case reason != nil:
			errs = append(errs, fmt.Errorf("camera %s: offline: %s", c.Name, printable.Error(reason)))
		case !c.Online():
			errs = append(errs, fmt.Errorf("camera %s: no picture yet", c.Name))
		}
		for _, v := range c.Views {
			if problem := v.Problem(); problem != nil {
				errs = append(errs, fmt.Errorf("view %s: %s", v.Path, printable.Error(problem)))
			}
		}
	}
	if !n.Publisher.Counters().Connected {
		errs = append(errs, fmt.Errorf("broker %s: no connection", n.DescribeBroker()))
	}
	for _, topic := range n.Publisher.Unheard() {
		errs = append(errs, fmt.Errorf("broker %s: it does not deliver %s; do its access rules let edged write and read there?", n.DescribeBroker(), topic))
	}
	return errors.Join(errs...)
}

// summary is the line that systemctl status shows.
func (n *Node) summary() string {
	if err := n.Ready(); err != nil {
		return printable.Error(err)
	}
	windows := 0.0
	for _, v := range n.Views {
		windows += v.WindowsPerSecond()
	}
	line := fmt.Sprintf("%d of %d cameras online, %.1f windows/s, broker connected", len(n.Cameras), len(n.Cameras), windows)
	if err := n.Publisher.Counters().OutboxError; err != nil {
		line += "; degraded: events wait in memory only: " + printable.Error(err)
	}
	if err := n.State.Settings.Err(); err != nil {
		line += "; degraded: a restart will forget switches and thresholds: " + printable.Error(err)
	}
	return line
}
