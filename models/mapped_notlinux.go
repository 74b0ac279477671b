//go:build !linux

package models

import "os"

func smallPages(*os.File) {}
