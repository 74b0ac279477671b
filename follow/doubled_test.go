package follow

import "testing"

// Two targets that share a blob too small for two are one: the older stays, with its id and its actions.
func TestOfTwoTargetsInASmallBlobTheOlderStays(t *testing.T) {
	person, like, legs := box{100, 50, 140, 150}, box{102, 52, 142, 152}, box{102, 100, 138, 150}
	for _, c := range []struct {
		name           string
		older, younger box
	}{{"one behind the other", person, like}, {"a person, and legs that were a blob of their own", person, legs}, {"legs, and a person", legs, person}} {
		k := newTracker(16, 4, 1)
		k.begin(c.older)
		k.begin(c.younger)
		for _, target := range k.targets {
			target.confirmed = true
		}
		for range 3 * keepDoubled {
			k.advance([]blob{{person}})
		}
		if len(k.targets) != 1 || k.targets[0].id != 1 {
			t.Errorf("%s: %d targets remain, the first is %d; want target 1 alone", c.name, len(k.targets), k.targets[0].id)
		}
	}
}
