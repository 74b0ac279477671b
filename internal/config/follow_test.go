package config

import (
	"strings"
	"testing"
	"time"
)

func TestFollow(t *testing.T) {
	for text, want := range map[string]Follow{
		"follow: true": DefaultFollow,
		"follow: true, views: [{name: b, area: [0, 0, 1, 1]}]": DefaultFollow,
		"follow: {max: 3}":                          {On: true, Max: 3, Smallest: DefaultFollow.Smallest, Still: DefaultFollow.Still},
		"follow: {smallest: 0.1, still_after: 10m}": {On: true, Max: DefaultFollow.Max, Smallest: 0.1, Still: 10 * time.Minute},
	} {
		c, err := Parse("test", []byte("cameras: [{name: a, source: \"pattern:\", "+text+"}]"))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := c.ViewsOf(c.Cameras[0], true)[0].Follow; got != want {
			t.Errorf("%s: %+v, want %+v", text, got, want)
		}
	}
}

func TestFalseMeansThatNothingIsFollowed(t *testing.T) {
	for _, text := range []string{"follow: false", "follow: true, views: [{name: b, follow: false}]", "follow: false, views: [{name: b}]"} {
		c, err := Parse("test", []byte("cameras: [{name: a, source: \"pattern:\", "+text+"}]"))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if c.ViewsOf(c.Cameras[0], true)[0].Follow.On {
			t.Errorf("%s: the view follows", text)
		}
	}
}

func TestWrongFollowIsRefused(t *testing.T) {
	for text, want := range map[string]string{
		"follow: 4":                     "cameras[0].follow: must be true, false, or a block of keys",
		"follow: yes please":            "cameras[0].follow: must be true, false, or a block of keys",
		"follow: {max: 0}":              "cameras[0].follow.max",
		"follow: {max: 17}":             "cameras[0].follow.max",
		"follow: {smallest: .nan}":      "cameras[0].follow.smallest",
		"follow: {smallest: 2}":         "cameras[0].follow.smallest",
		"follow: {still_after: 1s}":     "cameras[0].follow.still_after",
		"follow: {fastest: true}":       "no such key; allowed here: max, smallest, still_after",
		"views: [{name: b, follow: 1}]": "cameras[0].views[0].follow: must be true",
	} {
		_, err := Parse("test", []byte("cameras: [{name: a, source: \"pattern:\", "+text+"}]"))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q in it", text, err, want)
		}
	}
}
