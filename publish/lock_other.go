//go:build !unix

package publish

import "os"

// lockFolder does nothing: edged runs on Linux. Elsewhere this package only compiles.
func lockFolder(*os.File) error { return nil }
