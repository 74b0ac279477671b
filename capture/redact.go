package capture

import "regexp"

// userInfo is the part of an address in which passwords stand (RFC 3986, 3.2.1).
var userInfo = regexp.MustCompile(`([A-Za-z][A-Za-z0-9+.-]*://)[^\s/@]+@`)

// Redact hides user names and passwords of the addresses in a text: a camera's command line holds them, and what ffmpeg
// says when it cannot connect.
func Redact(text string) string { return userInfo.ReplaceAllString(text, "${1}***@") }
