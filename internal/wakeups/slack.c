#include <sys/prctl.h>

// Timers of this process may be this late. The kernel then lets the Go runtime's monitor sleep that long where it asks for
// 20 µs, and it needs no more. What has to be exact, the pace of a video file, uses timerfd, which has no slack.
//
// The kernel keeps the slack by thread. A new thread inherits it, and the monitor's thread is one of the first: so it is set
// before the Go runtime starts. Children inherit it, too; for ffmpeg and the like two milliseconds are nothing.
static const unsigned long slack_ns = 2000000;

__attribute__((constructor)) static void set_slack(void) { prctl(PR_SET_TIMERSLACK, slack_ns, 0, 0, 0); }
