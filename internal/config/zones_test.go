package config

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// oneCamera returns a configuration with one camera that has these lines, too.
func oneCamera(lines string) []byte {
	return []byte("cameras:\n  - name: a\n    source: \"pattern:\"\n" + lines)
}

func TestZones(t *testing.T) {
	c, err := Parse("test", oneCamera(`    follow: true
    zones:
      gate: [[0, 0], [1, 0], [1, 1]]
      way-2: [[0.1, 0.1], [0.9, 0.1], [0.5, 0.3], [0.9, 0.9], [0.1, 0.9]]
`))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := c.Cameras[0].Zones["gate"], [][]float64{{0, 0}, {1, 0}, {1, 1}}; len(c.Cameras[0].Zones) != 2 || !reflect.DeepEqual(got, want) {
		t.Errorf("%v", c.Cameras[0].Zones)
	}
}

func TestZonesOfOneViewThatFollows(t *testing.T) {
	_, err := Parse("test", oneCamera(`    zones: {gate: [[0, 0], [0.4, 0], [0.4, 1]]}
    views: [{name: all}, {name: left, area: [0, 0, 0.5, 1], follow: true}]
`))
	if err != nil {
		t.Error(err)
	}
}

func TestWrongZonesAreRefused(t *testing.T) {
	const square = "[[0.1, 0.1], [0.9, 0.1], [0.9, 0.9], [0.1, 0.9]]"
	for lines, want := range map[string]string{
		"    zones: {gate: " + square + "}":                                                                                      "cameras[0].zones: have no effect without follow: true",
		"    follow: true\n    zones: [1]":                                                                                       "cameras[0].zones: must be a block of names",
		"    follow: true\n    zones:\n      gate: " + square + "\n      gate: " + square:                                        `test:7: not YAML: mapping key "gate" already defined`,
		"    follow: true\n    zones:\n      gate: 7":                                                                            "test:6: cameras[0].zones.gate: must be a list",
		"    follow: true\n    zones: {gate: [[0, 0], [1, 1]]}":                                                                  "zones.gate: a zone has 3 to 64 corners",
		"    follow: true\n    zones: {gate: [[0, 0], [1, 0], [1.2, 1]]}":                                                        "zones.gate[2]: a corner is [x, y], each 0 to 1 of the picture, not [1.2 1]",
		"    follow: true\n    zones: {gate: [[0, 0], [1, 0], [.nan, 1]]}":                                                       "zones.gate[2]: a corner is",
		"    follow: true\n    zones: {gate: [[0, 0], [1, 0], [1, 1, 1]]}":                                                       "zones.gate[2]: a corner is",
		"    follow: true\n    zones: {gate: [[0, 0], [1, 1], [1, 0], [0, 1]]}":                                                  "zones.gate: the side from corner 1 to the next crosses or touches the side from corner 3 to the next",
		"    follow: true\n    zones: {gate: [[0, 0], [1, 0], [0.5, 0], [1, 1]]}":                                                "zones.gate: the side from corner 1",
		"    follow: true\n    zones: {gate: [[0, 0], [0.5, 0.5], [1, 1]]}":                                                      "zones.gate: the side from corner",
		"    follow: true\n    zones: {gate: [[0, 0], [0, 0], [1, 0], [1, 1]]}":                                                  "zones.gate: the side from corner 1",
		"    follow: true\n    zones: {gate: [[0, 0], [1, 0], [1, 1], [0.5, 0], [0, 1]]}":                                        "zones.gate: the side from corner 1",
		"    follow: true\n    zones: {the gate: " + square + "}":                                                                "the zone's name is a level of its topics",
		"    follow: true\n    zones: {a/b: " + square + "}":                                                                     "the zone's name is a level of its topics",
		"    follow: true\n    zones: {gate: " + square + "}\n    views: [{name: b, follow: false}]\n    masks: 4":               "masks: must be a list",
		"    zones: {gate: [[0.6, 0], [1, 0], [1, 1]]}\n    views: [{name: all}, {name: b, area: [0, 0, 0.5, 1], follow: true}]": "zones.gate: lies outside of every view that follows",
		"    follow: true\n    zones: {" + manyZones(17) + "}":                                                                   "zones: 17 zones; at most 16",
	} {
		_, err := Parse("test", oneCamera(lines))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q in it", lines, err, want)
		}
	}
}

func manyZones(n int) string {
	var zones []string
	for i := range n {
		zones = append(zones, fmt.Sprintf("z%d: [[0, 0], [1, 0], [1, 1]]", i))
	}
	return strings.Join(zones, ", ")
}

func TestTheMostCornersAreTaken(t *testing.T) {
	corners := "[0, 1], [0, 0]"
	for i := 2; i < maxZoneCorners; i++ {
		corners += fmt.Sprintf(", [%g, %g]", float64(i)/100, float64(i%2)/10)
	}
	if _, err := Parse("test", oneCamera("    follow: true\n    zones: {comb: ["+corners+"]}\n")); err != nil {
		t.Error(err)
	}
}
