package wakeups

import "C" // compiles slack.c
