package capture

import "regexp"

// Where passwords stand in an address: before the host (RFC 3986, 3.2.1), or among the parameters, where many cameras want them.
var (
	userInfo  = regexp.MustCompile(`([A-Za-z][A-Za-z0-9+.-]*://)[^\s/?#]+@`)
	parameter = regexp.MustCompile(`(?i)([?&](?:user|usr|username|login|password|passwd|pass|pwd|auth|token|key)=)[^\s&"'#]+`)
)

// Redact hides user names and passwords of the addresses in a text: a camera's command line holds them, and what ffmpeg
// says when it cannot connect.
func Redact(text string) string {
	return parameter.ReplaceAllString(userInfo.ReplaceAllString(text, "${1}***@"), "${1}***")
}
